// A control that sends its form as soon as it changes (language, theme, sort, day to look back to).
import { behaviour } from "../behaviour";

behaviour("submit-on-change", (element) => {
  const onChange = (): void => element.closest("form")?.requestSubmit();
  element.addEventListener("change", onChange);
  return () => element.removeEventListener("change", onChange);
});
