// A preview in its frame: what it leads to stays where it is.
import { announce, type Connect } from "../../../../runtime/dougong_runtime/pages/web/behaviour";

export const connect: Connect = (shown, signal) => {
  const onClick = (event: Event): void => {
    const way = (event.target as HTMLElement).closest<HTMLAnchorElement>("a[href]");
    if (!way || way.getAttribute("href")?.startsWith("#f-")) return;
    event.preventDefault();
    event.stopPropagation();
    announce(shown.dataset.wStays ?? "");
  };
  shown.addEventListener("click", onClick, { signal, capture: true });
};
