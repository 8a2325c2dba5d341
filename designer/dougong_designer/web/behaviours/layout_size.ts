// The handle at the right edge of a field or block: dragged, it changes how wide that is.
export function resizing(desk: HTMLElement, sized: (at: string, width: number) => void): () => void {
  const onDown = (event: PointerEvent): void => {
    const handle = (event.target as HTMLElement).closest<HTMLElement>("[data-size]");
    const thing = handle?.closest<HTMLElement>("[data-spot], [data-part]");
    if (!handle || !thing) return;
    event.preventDefault();
    event.stopPropagation();
    handle.setPointerCapture(event.pointerId);
    const grid = thing.parentElement!.getBoundingClientRect();
    const start = thing.getBoundingClientRect();
    const isBlock = thing.dataset.spot === undefined;
    const columns = isBlock ? 12 : Number(thing.closest<HTMLElement>("[data-fields]")?.dataset.columns ?? "2");
    const wanted = (x: number): number => Math.min(columns, Math.max(1, Math.round(((x - start.left) / grid.width) * columns)));
    const said = (x: number): string => {
      const n = wanted(x);
      if (isBlock) return `${n} / 12`;
      return (n > 1 ? desk.dataset.wWide : desk.dataset.wNarrow) ?? "";
    };
    let x = event.clientX;
    const onMove = (moved: PointerEvent): void => {
      x = moved.clientX;
      handle.dataset.said = said(x);
      handle.classList.add("sizing");
      if (isBlock) {
        for (let n = 1; n <= 12; n++) thing.classList.toggle(`w${n}`, n === wanted(x));
      } else thing.classList.toggle("wide", wanted(x) > 1);
    };
    const was = thing.className;
    const end = new AbortController();
    const heard = { signal: end.signal };
    const onCancel = (): void => {
      end.abort();
      handle.classList.remove("sizing");
      thing.className = was;
    };
    const onUp = (): void => {
      end.abort();
      handle.classList.remove("sizing");
      const width = isBlock ? wanted(x) : wanted(x) > 1 ? columns : 1;
      sized(thing.dataset.spot ?? thing.dataset.part ?? "", width);
    };
    handle.addEventListener("pointermove", onMove, heard);
    handle.addEventListener("pointerup", onUp, heard);
    handle.addEventListener("pointercancel", onCancel, heard);
  };
  desk.addEventListener("pointerdown", onDown, true);
  return () => desk.removeEventListener("pointerdown", onDown, true);
}
