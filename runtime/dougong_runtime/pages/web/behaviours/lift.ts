// What lanes, calendars and trees share: a thing that is lifted with the mouse or by Space, its picture under the
// pointer, and the way back when it is refused.
import { setCustomNativeDragPreview } from "@atlaskit/pragmatic-drag-and-drop/element/set-custom-native-drag-preview";
import type { ElementEventPayloadMap } from "@atlaskit/pragmatic-drag-and-drop/element/adapter";
import htmx from "htmx.org";
import { whenFree } from "../carrying";

export const still = (): boolean => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** The thing itself, a little turned, follows the pointer. */
export function picture(
  { nativeSetDragImage, source, location }: ElementEventPayloadMap["onGenerateDragPreview"],
  name: string,
): void {
  setCustomNativeDragPreview({
    nativeSetDragImage,
    getOffset: () => {
      const { left, top } = source.element.getBoundingClientRect();
      const { clientX, clientY } = location.current.input;
      return { x: clientX - left, y: clientY - top };
    },
    render: ({ container }) => {
      const clone = source.element.cloneNode(true) as HTMLElement;
      clone.removeAttribute("id");
      const wrap = document.createElement("div");
      wrap.className = `drag-picture ${name}`;
      wrap.style.setProperty("inline-size", `${source.element.offsetWidth}px`);
      wrap.append(clone);
      container.append(wrap);
    },
  });
}

/** Let an element move from where it was seen last to where it stands now. */
export function glide(element: HTMLElement, from: DOMRect): void {
  if (still()) return;
  const to = element.getBoundingClientRect();
  const moving = element.animate(
    [{ transform: `translate(${from.left - to.left}px, ${from.top - to.top}px)`, zIndex: 20 }, { transform: "none", zIndex: 20 }],
    { duration: 180, easing: "cubic-bezier(.2,.7,.2,1)" },
  );
  // What floats beside the element measures it again only where something has told of a change.
  moving.onfinish = () => window.dispatchEvent(new Event("resize"));
}

/** Post what was done; false where it was refused, and then `region` says why. */
export async function post(
  source: HTMLElement,
  address: string,
  values: Record<string, string>,
  region: string,
): Promise<boolean> {
  let done = true;
  const refused = (): void => {
    done = false;
  };
  document.addEventListener("htmx:response:error", refused);
  document.addEventListener("htmx:error", refused);
  try {
    await htmx.ajax("POST", address, { source, target: region, swap: "innerHTML", values });
  } finally {
    document.removeEventListener("htmx:response:error", refused);
    document.removeEventListener("htmx:error", refused);
  }
  return done;
}

/** Words with their places filled. */
export function say(words: string | undefined, facts: Record<string, string>): string {
  return (words ?? "").replace(/\{(\w+)\}/g, (_, name: string) => facts[name] ?? "");
}

/**
 * The page asks for the view anew when records have changed, and when it is asked to show something else: what was
 * registered is registered again. `left` is told before the first, `back` after it.
 */
export function renewed(root: HTMLElement, register: () => void, left?: () => void, back?: () => void): () => void {
  // What a drop may be answered with: there before the first.
  void import("./asked");
  const ready = (): void => {
    if (root.isConnected) register();
  };
  const onSwap = (): void => whenFree(ready);
  const onChanged = (): void => left?.();
  const onDone = (event: Event): void => {
    if ((event.target as HTMLElement).id === "view-again" && root.isConnected) back?.();
  };
  document.addEventListener("htmx:after:swap", onSwap);
  document.body.addEventListener("records-changed", onChanged);
  document.addEventListener("htmx:finally:request", onDone);
  return () => {
    document.removeEventListener("htmx:after:swap", onSwap);
    document.body.removeEventListener("records-changed", onChanged);
    document.removeEventListener("htmx:finally:request", onDone);
  };
}
