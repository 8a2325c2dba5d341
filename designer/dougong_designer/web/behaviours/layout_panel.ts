// Properties beside a canvas: each input saves itself when it is left, as one act.
type Values = Record<string, string>;

export function panel(act: (values: Values) => Promise<unknown>, chosen: () => string): () => void {
  const inside = (e: EventTarget | null): e is HTMLElement => e instanceof HTMLElement && e.closest("#lo-prop") !== null;
  const set = (property: string, value: string): void => void act({ do: "set", at: chosen(), property, value });

  const onChange = (event: Event): void => {
    const input = event.target;
    // What stands below a formula's box is that box's own affair.
    if (!inside(input) || input.closest("[data-formula-tools]")) return;
    if (input instanceof HTMLSelectElement && input.dataset.moveTo !== undefined) {
      if (input.value) void act({ do: "move", at: chosen(), into: input.value === "/" ? "" : input.value, before: "" });
    } else if (input instanceof HTMLSelectElement && input.dataset.adds) {
      const now = input.dataset.now ? input.dataset.now.split(",") : [];
      if (input.value) set(input.dataset.adds, [...now, input.value].join(","));
    } else if (input instanceof HTMLInputElement && input.type === "checkbox") set(input.name, input.checked ? "true" : "");
    else if (input instanceof HTMLInputElement || input instanceof HTMLTextAreaElement || input instanceof HTMLSelectElement) {
      if (input.name) set(input.name, input.value);
    }
  };
  const onClick = (event: Event): void => {
    const button = inside(event.target) ? event.target.closest<HTMLButtonElement>("[data-do]") : null;
    if (!button) return;
    const at = chosen();
    const { value } = button;
    if (button.dataset.do === "width") void act({ do: "width", at, width: value });
    else if (button.dataset.do === "step") void act({ do: "step", at, way: value });
    else if (button.dataset.do === "take_out") void act({ do: "take_out", at });
    else if (button.dataset.do === "set") set(button.name, value);
    else if (button.dataset.do === "names") set(button.dataset.names ?? "", value);
  };
  document.addEventListener("change", onChange);
  document.addEventListener("click", onClick);
  return () => {
    document.removeEventListener("change", onChange);
    document.removeEventListener("click", onClick);
  };
}
