// Images open over the page, one after the other; without script their links open them by themselves.
const FLIP = { ArrowRight: 1, ArrowLeft: -1, j: 1, k: -1 } as Record<string, number>;

export function connect(box: HTMLElement): () => void {
  const onClick = (event: MouseEvent): void => {
    const link = (event.target as HTMLElement).closest<HTMLAnchorElement>("a[data-look]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    event.stopPropagation();
    open([...box.querySelectorAll<HTMLAnchorElement>("a[data-look]")], link);
  };
  box.addEventListener("click", onClick);
  return () => box.removeEventListener("click", onClick);
}

function open(links: HTMLAnchorElement[], first: HTMLAnchorElement): void {
  const dialog = document.createElement("dialog");
  const image = new Image();
  const caption = document.createElement("p");
  const whole = document.createElement("a");
  const zh = document.documentElement.lang.startsWith("zh");
  const button = (sign: string, name: string, act: () => void): HTMLButtonElement => {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "btn ghost icon";
    made.textContent = sign;
    made.setAttribute("aria-label", name);
    made.addEventListener("click", act);
    return made;
  };
  let at = links.indexOf(first);
  dialog.className = "look";
  caption.tabIndex = -1;
  whole.target = "_blank";
  whole.rel = "noopener";
  const show = (): void => {
    const link = links[at]!;
    image.src = link.dataset.look ?? "";
    image.alt = caption.textContent = link.title;
    whole.href = link.href;
    if (links.length > 1) caption.textContent = `${link.title} · ${at + 1} / ${links.length}`;
  };
  const flip = (step: number): void => {
    at = (at + step + links.length) % links.length;
    show();
  };
  const tools = document.createElement("div");
  tools.className = "row";
  if (links.length > 1)
    tools.append(button("‹", zh ? "上一张" : "Previous", () => flip(-1)), button("›", zh ? "下一张" : "Next", () => flip(1)));
  tools.append(button("✕", zh ? "关闭" : "Close", () => dialog.close()));
  dialog.append(caption, tools, whole);
  whole.append(image);
  dialog.addEventListener("keydown", (event) => {
    const step = FLIP[event.key];
    if (!step || links.length < 2) return;
    event.preventDefault();
    flip(step);
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    links[at]?.focus();
  });
  document.body.append(dialog);
  show();
  dialog.showModal();
  caption.focus();
}
