// Following a notice marks it read, without waiting for the answer.
export function connect(list: HTMLElement): () => void {
  const onClick = (event: MouseEvent): void => {
    const link = (event.target as HTMLElement).closest<HTMLAnchorElement>("a[data-notice]");
    if (!link || (event.type === "auxclick" && event.button !== 1)) return;
    const body = new FormData();
    body.set("id", link.dataset.notice!);
    link.closest("li")?.classList.remove("new");
    void fetch("/notifications/read", {
      method: "POST",
      body,
      keepalive: true,
      headers: { "X-CSRF-Token": document.querySelector<HTMLMetaElement>("meta[name=csrf-token]")?.content ?? "" },
    });
  };
  list.addEventListener("click", onClick);
  list.addEventListener("auxclick", onClick);
  return () => {
    list.removeEventListener("click", onClick);
    list.removeEventListener("auxclick", onClick);
  };
}
