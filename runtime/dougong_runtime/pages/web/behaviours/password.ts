// Shows a password while its button is pressed down (aria-pressed).
import { behaviour } from "../behaviour";

behaviour("show-password", (button) => {
  const input = document.getElementById(button.getAttribute("aria-controls") ?? "") as HTMLInputElement | null;
  const onClick = (): void => {
    if (!input) return;
    const shown = input.type === "text";
    input.type = shown ? "password" : "text";
    button.setAttribute("aria-pressed", String(!shown));
  };
  button.addEventListener("click", onClick);
  return () => button.removeEventListener("click", onClick);
});
