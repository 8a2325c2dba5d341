// A record made in place: the form of its entity in a dialog over the one being filled in.
import { connectAll, disconnectAll } from "../behaviour";

interface Made {
  id: string;
  title: string;
}

const PREFIX = "q-";

// Two forms on one page: the ids of the upper one are set apart, with all that names them.
function setApart(root: HTMLElement): void {
  for (const name of ["id", "for", "aria-controls", "aria-labelledby", "aria-describedby"])
    root.querySelectorAll(`[${name}]`).forEach((e) => {
      const ids = (e.getAttribute(name) ?? "").split(" ").filter(Boolean);
      e.setAttribute(name, ids.map((id) => PREFIX + id).join(" "));
    });
  root.querySelectorAll<HTMLElement>("form").forEach((form) => {
    form.dataset.prefix = PREFIX;
  });
}

async function html(answer: Response): Promise<string | undefined> {
  return answer.headers.get("content-type")?.includes("html") && !answer.redirected ? answer.text() : undefined;
}

/** Open the form at `address`, with `text` in the input `title`; `made` is told what was created. */
export async function quick(address: string, words: string, title: string, text: string, made: (one: Made) => void): Promise<void> {
  const back = document.activeElement as HTMLElement | null;
  const found = await html(await fetch(address, { headers: { "HX-Request": "true" } }));
  if (found === undefined) return;
  const dialog = document.createElement("dialog");
  dialog.className = "dlg quick";
  dialog.setAttribute("aria-label", words);
  const head = document.createElement("header");
  const name = document.createElement("h2");
  name.className = "grow";
  name.textContent = words;
  head.append(name);
  const body = document.createElement("div");
  body.className = "body";
  dialog.append(head, body);
  const fill = (markup: string): void => {
    disconnectAll(body);
    body.innerHTML = markup;
    setApart(body);
    connectAll(body);
  };
  fill(found);
  const box = body.querySelector<HTMLInputElement>(`[name="${CSS.escape(title)}"]`);
  if (box && !box.value) box.value = text;
  document.body.append(dialog);
  const end = (): void => {
    disconnectAll(body);
    dialog.remove();
    back?.focus();
  };
  const send = async (form: HTMLFormElement): Promise<void> => {
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { "HX-Request": "true" } });
    if (answer.headers.get("content-type")?.includes("json")) {
      const one = (await answer.json()) as Made;
      dialog.close();
      if (answer.ok) made(one);
      return;
    }
    const again = await html(answer);
    if (again !== undefined) fill(again);
  };
  dialog.addEventListener(
    "submit",
    (event) => {
      event.preventDefault();
      event.stopPropagation();
      void send(event.target as HTMLFormElement);
    },
    true,
  );
  dialog.addEventListener("click", (event) => {
    if (!(event.target as HTMLElement).closest("[data-closes]")) return;
    event.preventDefault();
    dialog.close();
  });
  dialog.addEventListener("close", end);
  dialog.showModal();
  (box ?? body.querySelector<HTMLElement>("input:not([type=hidden]),select,textarea"))?.focus();
}
