// The palette beside a canvas: what is typed in its box leaves what fits; Enter puts the first of it in.
import type { Connect } from "../../../../runtime/dougong_runtime/pages/web/behaviour";

export const connect: Connect = (side, signal) => {
  const box = (): HTMLInputElement | null => side.querySelector<HTMLInputElement>("[data-lo-find]");
  const items = (): HTMLElement[] => [...side.querySelectorAll<HTMLElement>("#lo-palette [data-find]")];
  const sift = (): void => {
    const text = box()?.value.trim().toLowerCase() ?? "";
    for (const item of items()) item.hidden = text !== "" && !(item.dataset.find ?? "").includes(text);
    for (const group of side.querySelectorAll<HTMLElement>("#lo-fields .pal")) {
      const empty = [...group.querySelectorAll<HTMLElement>("[data-find]")].every((i) => i.hidden);
      const head = group.previousElementSibling;
      if (head instanceof HTMLElement && head.tagName === "H4") head.hidden = text !== "" && empty;
    }
  };
  const onInput = (event: Event): void => {
    if ((event.target as HTMLElement).matches("[data-lo-find]")) sift();
  };
  const onKey = (event: KeyboardEvent): void => {
    if (!(event.target as HTMLElement).matches("[data-lo-find]")) return;
    if (event.key === "Enter") items().find((i) => !i.hidden)?.click();
    else if (event.key === "Escape") {
      box()!.value = "";
      sift();
      document.querySelector<HTMLElement>("[data-behaviour~=layout]")?.focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  side.addEventListener("input", onInput, { signal });
  side.addEventListener("keydown", onKey, { signal });
  document.addEventListener("htmx:after:swap", sift, { signal });
};
