// Files chosen, dropped, pasted or photographed are handed in at once, with their progress; the form names them by id.
import { announce } from "../behaviour";
import { handIn, holdBack, sizeText } from "./handing";

export function connect(box: HTMLElement): () => void {
  const list = box.querySelector<HTMLElement>("[data-files]")!;
  const zone = box.querySelector<HTMLElement>("[data-zone]")!;
  const template = box.querySelector<HTMLTemplateElement>("template[data-row]")!;
  const icons = box.querySelector<HTMLTemplateElement>("template[data-icons]")!.content.querySelectorAll("svg");
  const inputs = [...box.querySelectorAll<HTMLInputElement>("[data-input]")];
  const main = inputs[0]!;
  const most = Number(box.dataset.most ?? 1);
  const sizeMax = Number(box.dataset.sizeMax ?? 0);
  const working = new Map<HTMLElement, { done: Promise<void>; stop: AbortController }>();
  const word = (key: string, name: string, size = ""): string =>
    (box.dataset[key] ?? "").replace("{name}", name).replace("{size}", size);
  const rows = (): HTMLElement[] => [...list.querySelectorAll<HTMLElement>("[data-file]")];

  const changed = (): void => {
    zone.hidden = most === 1 && rows().length > 0;
    main.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const fail = (row: HTMLElement, text: string): void => {
    const wrong = row.querySelector<HTMLElement>("[data-wrong]")!;
    wrong.textContent = text;
    wrong.hidden = false;
    row.querySelector("progress")!.hidden = true;
    row.setAttribute("data-bad", "");
    announce(text);
  };
  const show = (row: HTMLElement, file: File): void => {
    const pic = row.querySelector<HTMLElement>("[data-pic]")!;
    row.querySelector("[data-name]")!.textContent = file.name;
    row.querySelector("[data-size]")!.textContent = sizeText(file.size);
    row.querySelector("[data-remove]")!.setAttribute("aria-label", word("wRemove", file.name));
    const is = file.type.startsWith("image/") ? icons[0] : icons[1];
    if (is) pic.replaceChildren(is.cloneNode(true));
  };
  const send = (row: HTMLElement, file: File): void => {
    const stop = new AbortController();
    const bar = row.querySelector("progress")!;
    const retry = row.querySelector<HTMLButtonElement>("[data-retry]")!;
    const wrong = row.querySelector<HTMLElement>("[data-wrong]")!;
    row.removeAttribute("data-bad");
    wrong.hidden = retry.hidden = true;
    bar.hidden = false;
    announce(word("wUploading", file.name));
    const done = handIn(box.dataset.url ?? "", file, file.name, box.dataset.wFailed ?? "", (share) => {
      bar.value = share * 100;
    }, stop.signal).then(
      (facts) => {
        bar.hidden = true;
        row.querySelector<HTMLInputElement>("input[type=hidden]")!.value = facts.id;
        row.querySelector("[data-name]")!.textContent = facts.name;
        if (facts.preview_url) {
          const image = new Image();
          image.alt = "";
          image.src = `${facts.preview_url}?size=96`;
          row.querySelector("[data-pic]")!.replaceChildren(image);
        }
        announce(word("wUploaded", facts.name));
        changed();
      },
      (error: Error) => {
        if (!row.isConnected) return;
        fail(row, error.message);
        retry.hidden = false;
        retry.onclick = () => send(row, file);
        throw error;
      },
    );
    working.set(row, { done, stop });
    void done.catch(() => {}).finally(() => working.delete(row));
  };
  const take = (files: Iterable<File>): void => {
    if (main.disabled) return;
    for (const file of files) {
      if (most === 1) rows().forEach(remove);
      else if (rows().length >= most) {
        announce(box.dataset.wMany ?? "");
        break;
      }
      const row = (template.content.cloneNode(true) as DocumentFragment).querySelector<HTMLElement>("[data-file]")!;
      show(row, file);
      list.append(row);
      zone.hidden = most === 1;
      if (sizeMax && file.size > sizeMax) fail(row, word("wLarge", file.name, sizeText(sizeMax)));
      else send(row, file);
    }
  };
  const remove = (row: HTMLElement): void => {
    working.get(row)?.stop.abort();
    working.delete(row);
    row.remove();
  };

  const onInput = (event: Event): void => {
    const input = event.target as HTMLInputElement;
    if (!inputs.includes(input) || !input.files?.length) return;
    event.stopPropagation();
    take([...input.files]);
    input.value = "";
  };
  const onClick = (event: Event): void => {
    const button = (event.target as HTMLElement).closest("[data-remove]");
    const row = button?.closest<HTMLElement>("[data-file]");
    if (!row) return;
    announce(word("wRemoved", row.querySelector("[data-name]")?.textContent ?? ""));
    const next = (row.nextElementSibling ?? row.previousElementSibling)?.querySelector<HTMLElement>("[data-remove]");
    remove(row);
    changed();
    (next ?? main).focus();
  };
  let over = 0;
  const onDrag = (event: DragEvent): void => {
    if (!event.dataTransfer?.types.includes("Files") || main.disabled) return;
    event.preventDefault();
    over += event.type === "dragenter" ? 1 : event.type === "dragleave" ? -1 : 0;
    box.toggleAttribute("data-over", over > 0);
  };
  const onDrop = (event: DragEvent): void => {
    over = 0;
    box.removeAttribute("data-over");
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    take([...event.dataTransfer.files].slice(0, most === 1 ? 1 : undefined));
  };
  // What is pasted goes into the box that has the focus; else, outside of any text, into the form's first one.
  const onPaste = (event: ClipboardEvent): void => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length || event.defaultPrevented) return;
    const at = document.activeElement;
    const inText = at instanceof HTMLElement && (at.isContentEditable || at.matches("textarea, input:not([type=file])"));
    const first = box.closest("form")?.querySelector("[data-behaviour=upload]") === box;
    if (!box.contains(at) && (inText || !first || at?.closest("[data-behaviour=upload]"))) return;
    event.preventDefault();
    take(files.slice(0, most === 1 ? 1 : undefined));
  };
  const busy = (): Promise<unknown> | undefined =>
    working.size ? Promise.all([...working.values()].map((w) => w.done)) : undefined;
  const free = holdBack(box, busy, () => announce(box.dataset.wWait ?? ""));
  box.addEventListener("change", onInput);
  box.addEventListener("click", onClick);
  for (const kind of ["dragenter", "dragover", "dragleave"] as const) box.addEventListener(kind, onDrag);
  box.addEventListener("drop", onDrop);
  document.addEventListener("paste", onPaste);
  // What was chosen before this code had come.
  for (const input of inputs) {
    if (input.files?.length) take([...input.files]);
    input.value = "";
  }
  box.dataset.ready = "";
  return () => {
    free();
    document.removeEventListener("paste", onPaste);
    working.forEach((w) => w.stop.abort());
  };
}
