// A revealed value counts down and hides itself; the masked form comes back from the markup, nothing is kept.
import { behaviour } from "../behaviour";

behaviour("revealed", (element) => {
  const left = element.querySelector<HTMLElement>("[data-left]");
  const masked = element.querySelector<HTMLTemplateElement>("template[data-masked]");
  let seconds = Number(element.dataset.seconds ?? "30");
  const words = left?.dataset.words ?? "{n}";
  const timer = window.setInterval(() => {
    seconds -= 1;
    if (left) left.textContent = words.replace("{n}", String(seconds));
    if (seconds > 0) return;
    clearInterval(timer);
    if (masked) {
      const back = masked.content.firstElementChild!.cloneNode(true) as HTMLElement;
      element.replaceWith(back);
      (window as unknown as { htmx?: { process(e: Element): void } }).htmx?.process(back);
    }
  }, 1000);
  return () => clearInterval(timer);
});
