// A button that shows or hides what `aria-controls` names: group rows, a search box.
import { behaviour } from "../behaviour";

behaviour("disclosure", (button) => {
  const onClick = (): void => {
    const open = button.getAttribute("aria-expanded") !== "true";
    button.setAttribute("aria-expanded", String(open));
    for (const id of (button.getAttribute("aria-controls") ?? "").split(" ")) {
      const thing = document.getElementById(id);
      if (!thing) continue;
      thing.hidden = !open;
      if (open) thing.querySelector<HTMLElement>("input")?.focus();
    }
  };
  button.addEventListener("click", onClick);
  return () => button.removeEventListener("click", onClick);
});
