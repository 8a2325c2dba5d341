// An act on the draft: a JSON Patch that the server carries out as one step. What shows the draft hears
// `draft-changed` on the body and fetches itself again; what was refused is said in a toast, and what somebody else has
// changed meanwhile in a dialog with both values.
import htmx from "htmx.org";
import { inTurn } from "../../../runtime/dougong_runtime/pages/web/turn";

export interface Operation {
  op: "add" | "remove" | "replace" | "move" | "copy" | "test";
  path: string;
  value?: unknown;
  from?: string;
  /** Id of the member before which an addition or a moved member stands. */
  before?: string;
}

/** A part of the page, and what an answer puts in its place. */
interface Swap {
  target?: Element | string | null;
  fragment?: DocumentFragment;
}

/** Whether an answer tells of the draft before what stands there already: answers overtake each other. */
function isOvertaken({ target, fragment }: Swap): boolean {
  const shown = target instanceof HTMLElement ? target.dataset.revision : undefined;
  const told = fragment && [...fragment.children].find((one) => one.matches("[data-revision]"))?.getAttribute("data-revision");
  return shown !== undefined && told != null && Number(told) < Number(shown);
}

/** Rows of which only the place was sent are drawn as they were; what somebody has opened is not shut when it comes again. */
htmx.registerExtension("as-it-was", {
  htmx_before_swap: (_element: Element, { tasks }: { tasks: Swap[] }) => {
    tasks.splice(0, tasks.length, ...tasks.filter((task) => !isOvertaken(task)));
  },
  htmx_before_morph_node: (_element: Element, { newNode }: { newNode: Node }) =>
    !(newNode instanceof Element && newNode.hasAttribute("data-as-it-was")),
  htmx_before_morph_attr: (element: Element, { attrName, newValue }: { attrName: string; newValue: string | null }) =>
    !(attrName === "open" && newValue === null && element.matches("details[data-stays-open]")),
});

/** The frame around the open document. */
export const studio = (): HTMLElement | null => document.querySelector<HTMLElement>("[data-studio]");

/** A part of a JSON Pointer. */
export const token = (text: string): string => text.replaceAll("~", "~0").replaceAll("/", "~1");

/** The JSON Pointer of a place in a document: `at("entity/visit", "fields", id, "label")`. */
export const at = (key: string, ...path: string[]): string => [key, ...path].map((one) => `/${token(one)}`).join("");

let seen: string | undefined;

/** Somebody else changed the draft while a person types: what they type was meant for how it stood before. */
export function typedAgainst(revision: string | undefined): void {
  seen ??= revision;
}

document.addEventListener("focusout", () => window.setTimeout(() => (seen = undefined)));

/** The revision that the builder has before them. */
const before = (): string => seen ?? studio()?.dataset.revision ?? "";

export function act(patch: Operation[]): Promise<unknown> {
  return send("act", { patch: JSON.stringify(patch) });
}

const turn = inTurn();

/** Kept when the page has been painted once more: what goes with a change comes after the change has been seen. */
export const painted = (): Promise<void> =>
  document.hidden ? Promise.resolve() : new Promise((done) => requestAnimationFrame(() => window.setTimeout(done)));

/** Kept when all acts until now are answered. */
export const whenAnswered = (): Promise<unknown> => turn(() => Promise.resolve());

/** Any act of the studio by its address below `/studio/{app}`; the promise is kept when it is answered. */
export function send(path: string, values: Record<string, string>): Promise<unknown> {
  return post(`${studio()?.dataset.studio ?? ""}/${path}`, values);
}

/** The same by its whole address; `how` says where in the page its answer goes. */
export function post(address: string, values: Record<string, string>, how: { target?: string; swap: string } = { swap: "none" }): Promise<unknown> {
  const known = { key: studio()?.dataset.keyShown ?? "", revision: before() };
  // Of the body htmx sends no inputs along.
  return turn(() => htmx.ajax("POST", address, { values: { ...known, ...values }, source: "body", ...how }));
}
