// Validation on leave: the fields that one has changed and left are tried out by the server, and its sentences stand
// beside them. While one types nothing is said; what was said goes as soon as its field is typed in.
import { post, typed } from "./sending";

const WAIT_MS = 60;

export class Checking {
  private touched = new Set<string>();
  private dirty = new Set<string>();
  private typedAt = new Map<string, number>();
  private timer = 0;
  private flying = false;
  private again = false;
  private asked = 0;

  constructor(
    private readonly form: HTMLFormElement,
    private readonly url: string,
  ) {}

  /** Something was typed or chosen in this field. */
  type(name: string): void {
    this.dirty.add(name);
    this.typedAt.set(name, ++this.asked);
    this.say(name, "");
  }

  /** This field was left. */
  leave(name: string): void {
    if (!this.dirty.has(name)) return;
    this.touched.add(name);
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.ask(), WAIT_MS);
  }

  end(): void {
    clearTimeout(this.timer);
  }

  private async ask(): Promise<void> {
    if (this.flying) {
      this.again = true;
      return;
    }
    this.flying = true;
    const from = ++this.asked;
    const data = typed(this.form);
    for (const name of this.touched) data.append("_touched", name);
    const answer = await post<{ errors: Record<string, string> }>(this.url, data);
    this.flying = false;
    for (const [name, text] of Object.entries(answer?.errors ?? {}))
      if ((this.typedAt.get(name) ?? 0) < from) this.say(name, text);
    if (this.again) {
      this.again = false;
      void this.ask();
    }
  }

  /** Put a sentence beside a field, or take it away. */
  private say(name: string, text: string): void {
    const place = this.form.querySelector<HTMLElement>(`[data-error-for="${CSS.escape(name)}"]`);
    if (!place || (place.hidden && !text)) return;
    if (text) {
      const sign = this.form.querySelector<HTMLTemplateElement>("template[data-wrong]")?.content.cloneNode(true);
      if (sign) {
        place.replaceChildren(sign);
        place.lastElementChild!.textContent = text;
      }
    }
    place.hidden = !text;
    const control = this.form.querySelector(`[data-placed="${CSS.escape(name)}"] :is(input:not([type=hidden]),select,textarea)`);
    if (text) control?.setAttribute("aria-invalid", "true");
    else control?.removeAttribute("aria-invalid");
    if (!text) this.form.querySelector(`[data-problems] [data-goes-to="${CSS.escape(name)}"]`)?.closest("li")?.setAttribute("data-mended", "");
  }
}
