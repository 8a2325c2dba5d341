// Tags as chips, with those that others have used for completion. Without script it is a box of words between commas.
import { announce } from "../behaviour";
import { float } from "./menu";

const PARTS = /[,，、;；\n]/;

export function connect(box: HTMLElement): () => void {
  const kept = box.querySelector<HTMLInputElement>("input[data-kept]")!;
  const chips = box.querySelector<HTMLElement>("[data-chips]")!;
  const template = box.querySelector<HTMLTemplateElement>("template")!;
  const menu = box.querySelector<HTMLElement>(".menu")!;
  const input = kept.cloneNode() as HTMLInputElement;
  let known: string[] | undefined;
  let stop: (() => void) | undefined;
  let asked = 0;
  input.removeAttribute("name");
  input.removeAttribute("data-kept");
  input.value = "";
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-expanded", "false");
  input.setAttribute("aria-controls", menu.id);
  kept.type = "hidden";
  kept.removeAttribute("id");
  kept.after(input);

  const values = (): string[] => kept.value.split(PARTS).map((v) => v.trim()).filter(Boolean);
  const draw = (): void => {
    chips.replaceChildren(
      ...values().map((value) => {
        const chip = (template.content.cloneNode(true) as DocumentFragment).firstElementChild as HTMLElement;
        chip.querySelector("[data-title]")!.textContent = value;
        const remove = chip.querySelector<HTMLButtonElement>("[data-remove]")!;
        remove.setAttribute("aria-label", `${remove.getAttribute("aria-label") ?? ""} ${value}`);
        remove.disabled = kept.readOnly;
        remove.onclick = () => {
          put(values().filter((v) => v !== value));
          input.focus();
        };
        return chip;
      }),
    );
  };
  const put = (list: string[]): void => {
    kept.value = [...new Set(list)].join(", ");
    draw();
    kept.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const close = (): void => {
    menu.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    stop?.();
    stop = undefined;
  };
  const add = (text: string): void => {
    const more = text.split(PARTS).map((v) => v.trim()).filter(Boolean);
    input.value = "";
    close();
    if (!more.length) return;
    put([...values(), ...more]);
    announce(more.join(", "));
  };
  const offer = async (): Promise<void> => {
    const mine = ++asked;
    if (!known) {
      const answer = await fetch(box.dataset.source ?? "");
      known = answer.ok ? ((await answer.json()) as string[]) : [];
    }
    if (mine !== asked || document.activeElement !== input) return;
    const typed = input.value.trim().toLowerCase();
    const mineNow = values();
    const found = known.filter((v) => !mineNow.includes(v) && v.toLowerCase().includes(typed)).slice(0, 12);
    menu.replaceChildren(
      ...found.map((value, n) => {
        const option = document.createElement("div");
        option.className = "mi";
        option.id = `${menu.id}-${n}`;
        option.setAttribute("role", "option");
        option.textContent = value;
        option.onmousedown = (event) => {
          event.preventDefault();
          add(value);
        };
        return option;
      }),
    );
    if (!found.length) return close();
    menu.hidden = false;
    input.setAttribute("aria-expanded", "true");
    stop ??= float(input, menu, true);
  };
  const move = (step: number): void => {
    const options = [...menu.children];
    const at = options.findIndex((o) => o.getAttribute("aria-selected") === "true");
    const next = options[(at + step + options.length + (at < 0 && step < 0 ? 1 : 0)) % options.length];
    options.forEach((o) => o.setAttribute("aria-selected", String(o === next)));
    if (next) input.setAttribute("aria-activedescendant", next.id);
  };
  input.addEventListener("input", (event) => {
    event.stopPropagation();
    if (PARTS.test(input.value)) add(input.value);
    else void offer();
  });
  input.addEventListener("focus", () => void offer());
  input.addEventListener("blur", () => add(input.value));
  input.addEventListener("keydown", (event) => {
    const chosen = menu.hidden ? null : menu.querySelector('[aria-selected="true"]');
    if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && (chosen || input.value.trim())) {
      event.preventDefault();
      add(chosen?.textContent ?? input.value);
    } else if (event.key === "Backspace" && !input.value && values().length) put(values().slice(0, -1));
    else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !menu.hidden) {
      event.preventDefault();
      move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Escape" && !menu.hidden) {
      event.stopPropagation();
      close();
    }
  });
  draw();
  return close;
}
