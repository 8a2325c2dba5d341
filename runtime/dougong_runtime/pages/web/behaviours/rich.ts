// Rich text: an editor in the place of the text box, whose HTML the form sends; the server decides what of it stays.
import Squire from "squire-rte";

const TAGS = new Set("A B BLOCKQUOTE BR CODE DIV EM H2 H3 H4 HR I LI OL P PRE S STRONG SUB SUP TABLE TBODY TD TH THEAD TR U UL".split(" "));
const DROPPED = "SCRIPT,STYLE,TEMPLATE,IFRAME,OBJECT,EMBED,SVG,MATH,HEAD,NOSCRIPT";
const HEADINGS = /H[234]/;

/** HTML as nodes with nothing in them but structure and links. */
function sanitised(html: string): DocumentFragment {
  // Taken out of the text first, for a browser reports handlers and styles as soon as it reads them.
  const quiet = html.replace(/<[a-z][^>]*>/gi, (tag) => tag.replace(/\s(on\w+|style)\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)/gi, " "));
  const parsed = new DOMParser().parseFromString(quiet, "text/html");
  parsed.querySelectorAll(DROPPED).forEach((e) => e.remove());
  for (const element of [...parsed.body.querySelectorAll("*")].reverse()) {
    if (/^H[1]$/.test(element.tagName)) {
      const lower = parsed.createElement("h2");
      lower.append(...element.childNodes);
      element.replaceWith(lower);
    } else if (!TAGS.has(element.tagName)) element.replaceWith(...element.childNodes);
    else
      for (const { name, value } of [...element.attributes])
        if (!(name === "href" && /^(https?:|mailto:|tel:)/i.test(value)) && !/^(col|row)span$/.test(name)) element.removeAttribute(name);
  }
  const fragment = document.createDocumentFragment();
  fragment.append(...document.importNode(parsed.body, true).childNodes);
  return fragment;
}

export function connect(box: HTMLElement): (() => void) | undefined {
  const text = box.querySelector<HTMLTextAreaElement>("textarea")!;
  const page = box.querySelector<HTMLElement>("[data-page]")!;
  const tools = box.querySelector<HTMLElement>("[data-tools]")!;
  const linking = box.querySelector<HTMLElement>("[data-link]")!;
  const address = linking.querySelector("input")!;
  const buttons = [...tools.querySelectorAll<HTMLButtonElement>("[data-act]")];
  if (box.dataset.off !== undefined || text.readOnly) {
    page.replaceChildren(sanitised(text.value));
    page.hidden = false;
    text.hidden = true;
    page.setAttribute("aria-readonly", "true");
    return undefined;
  }
  const editor = new Squire(page, { blockTag: "P", sanitizeToDOMFragment: sanitised });
  editor.setHTML(text.value);
  page.hidden = tools.hidden = false;
  text.hidden = true;
  for (const name of ["aria-describedby", "aria-required", "aria-invalid"]) {
    const given = text.getAttribute(name);
    if (given) page.setAttribute(name, given);
  }

  const toggle = (tag: string, on: () => void, off: () => void): void => (editor.hasFormat(tag) ? off() : on());
  const has = (path: string, part: RegExp): boolean => path.split(">").some((step) => part.test(step));
  const block = (tag: string): void => {
    editor.modifyBlocks((fragment: DocumentFragment) => {
      const wanted = [...fragment.querySelectorAll("p,div,h2,h3,h4")].every((b) => b.tagName === tag) ? "P" : tag;
      fragment.querySelectorAll("p,div,h2,h3,h4").forEach((old) => {
        const made = document.createElement(wanted);
        made.append(...old.childNodes);
        old.replaceWith(made);
      });
      return fragment;
    });
  };
  const acts: Record<string, () => void> = {
    bold: () => toggle("B", () => editor.bold(), () => editor.removeBold()),
    italic: () => toggle("I", () => editor.italic(), () => editor.removeItalic()),
    strike: () => toggle("S", () => editor.strikethrough(), () => editor.removeStrikethrough()),
    heading: () => block("H2"),
    quote: () => (has(editor.getPath(), /^BLOCKQUOTE/) ? editor.decreaseQuoteLevel() : editor.increaseQuoteLevel()),
    bullets: () => (has(editor.getPath(), /^UL/) ? editor.removeList() : editor.makeUnorderedList()),
    numbers: () => (has(editor.getPath(), /^OL/) ? editor.removeList() : editor.makeOrderedList()),
    link: () => {
      if (editor.hasFormat("A")) editor.removeLink();
      else {
        linking.hidden = false;
        address.value = "";
        address.focus();
      }
    },
    clear: () => editor.removeAllFormatting(),
    undo: () => editor.undo(),
    redo: () => editor.redo(),
  };
  const marks: Record<string, (path: string) => boolean> = {
    bold: () => editor.hasFormat("B"),
    italic: () => editor.hasFormat("I"),
    strike: () => editor.hasFormat("S"),
    heading: (path) => has(path, HEADINGS),
    quote: (path) => has(path, /^BLOCKQUOTE/),
    bullets: (path) => has(path, /^UL/),
    numbers: (path) => has(path, /^OL/),
  };
  const paint = (): void => {
    const path = editor.getPath();
    for (const button of buttons) {
      const mark = marks[button.dataset.act ?? ""];
      if (mark) button.setAttribute("aria-pressed", String(mark(path)));
    }
  };
  const onInput = (): void => {
    const empty = !page.textContent?.trim() && !page.querySelector("hr,table,li");
    text.value = empty ? "" : editor.getHTML();
    page.toggleAttribute("data-empty", empty);
    text.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const onTool = (event: Event): void => {
    const act = (event.target as HTMLElement).closest<HTMLElement>("[data-act]")?.dataset.act;
    if (!act) return;
    acts[act]?.();
    if (act !== "link" || linking.hidden) editor.focus();
    paint();
  };
  const setLink = (): void => {
    linking.hidden = true;
    const given = address.value.trim();
    editor.focus();
    if (given) editor.makeLink(/^[a-z]+:/i.test(given) ? given : `https://${given}`);
  };
  // One stop for Tab, arrows inside, as toolbars go.
  const onKeys = (event: KeyboardEvent): void => {
    const here = buttons.indexOf(document.activeElement as HTMLButtonElement);
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!step || here < 0) return;
    event.preventDefault();
    const next = buttons[(here + step + buttons.length) % buttons.length]!;
    buttons.forEach((b) => (b.tabIndex = b === next ? 0 : -1));
    next.focus();
  };
  const onLinkKeys = (event: KeyboardEvent): void => {
    if (event.key === "Enter") {
      event.preventDefault();
      setLink();
    } else if (event.key === "Escape") {
      event.stopPropagation();
      linking.hidden = true;
      editor.focus();
    }
  };
  page.toggleAttribute("data-empty", !text.value);
  editor.addEventListener("input", onInput);
  editor.addEventListener("pathChange", paint);
  editor.addEventListener("select", paint);
  tools.addEventListener("mousedown", (event) => event.preventDefault());
  tools.addEventListener("click", onTool);
  tools.addEventListener("keydown", onKeys);
  linking.querySelector("[data-set]")!.addEventListener("click", setLink);
  linking.addEventListener("keydown", onLinkKeys);
  // The tab key leaves the box: text is indented by quoting, never by a key that keeps people inside.
  editor.setKeyHandler("Tab", null);
  editor.setKeyHandler("Shift-Tab", null);
  return () => editor.destroy();
}
