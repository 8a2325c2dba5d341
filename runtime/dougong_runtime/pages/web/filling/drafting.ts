// Unsaved work goes to the server every five seconds and when the page is left, and the form says so.
import { post, typed } from "./sending";

const EVERY_MS = 5_000;

export class Drafting {
  /** What is being sent now: saving waits for it, so that no draft is left of what is saved. */
  sending: Promise<void> | undefined;
  private unsent = false;
  private readonly timer: number;
  private readonly state: HTMLElement | null;

  constructor(private readonly form: HTMLFormElement) {
    this.state = form.querySelector("[data-draft-state]");
    this.timer = window.setInterval(() => this.start(), EVERY_MS);
    document.addEventListener("visibilitychange", this.onHidden);
    addEventListener("pagehide", this.onHidden);
    document.querySelector("[data-offer]")?.addEventListener("submit", this.onDrop);
  }

  /** Something was typed. */
  type(): void {
    this.unsent = true;
    if (this.undecided()) this.say(this.form.dataset.draftWait ?? "");
  }

  /** The form is being saved or left for good. */
  stop(): void {
    this.unsent = false;
  }

  end(): void {
    clearInterval(this.timer);
    document.removeEventListener("visibilitychange", this.onHidden);
    removeEventListener("pagehide", this.onHidden);
  }

  private say(text: string): void {
    if (this.state && this.state.textContent !== text) this.state.textContent = text;
  }

  /** An earlier draft waits to be gone on with or dropped: it is not written over. */
  private undecided(): boolean {
    return document.querySelector("[data-offer]") !== null;
  }

  private start(): void {
    if (!this.unsent || this.sending || this.undecided()) return;
    this.sending = this.keep().finally(() => {
      this.sending = undefined;
    });
  }

  private async keep(): Promise<void> {
    this.unsent = false;
    const answer = await post<{ said: string }>(this.form.dataset.drafts ?? "", typed(this.form));
    if (answer) this.say(answer.said);
    else {
      this.unsent = true;
      this.say(this.form.dataset.draftFailed ?? "");
    }
  }

  private readonly onHidden = (): void => {
    if (document.visibilityState === "visible" || !this.unsent || this.undecided()) return;
    if (navigator.sendBeacon(this.form.dataset.drafts ?? "", typed(this.form))) this.unsent = false;
  };

  private readonly onDrop = (event: Event): void => {
    event.preventDefault();
    const offer = event.target as HTMLFormElement;
    const data = new FormData(offer);
    data.set("_drop", "1");
    data.set("_quiet", "1");
    void post(offer.action, data).then(() => {
      offer.remove();
      this.say("");
    });
  };
}
