// Hands one file in, and keeps a form from being sent before the files in it are there.
export interface HandedIn {
  id: string;
  name: string;
  size: number;
  media_type: string;
  url: string;
  preview_url: string | null;
}

/** Resolves with the file's facts; rejects with a sentence. `progress` is called with a share from 0 to 1. */
export function handIn(
  url: string,
  content: Blob,
  name: string,
  failed: string,
  progress: (share: number) => void = () => {},
  abort?: AbortSignal,
): Promise<HandedIn> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const form = new FormData();
    form.append("file", content, name);
    request.open("POST", url);
    request.responseType = "json";
    request.setRequestHeader("X-CSRF-Token", document.querySelector<HTMLMetaElement>("meta[name=csrf-token]")?.content ?? "");
    request.setRequestHeader("Accept-Language", document.documentElement.lang);
    request.upload.onprogress = (event) => progress(event.lengthComputable ? event.loaded / event.total : 0);
    request.onload = () => {
      if (request.status === 201) resolve(request.response as HandedIn);
      else reject(new Error((request.response as { detail?: string } | null)?.detail ?? failed));
    };
    request.onerror = () => reject(new Error(failed));
    request.onabort = () => reject(new Error(""));
    abort?.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}

export function sizeText(size: number): string {
  for (const [unit, step] of [["GB", 2 ** 30], ["MB", 2 ** 20], ["KB", 2 ** 10]] as const)
    if (size >= step) return `${(size / step).toFixed(1).replace(/\.0$/, "")} ${unit}`;
  return `${size} B`;
}

/** Holds back the sending of an element's form while `busy` says so; then it is sent. Call the result to let go. */
export function holdBack(element: HTMLElement, busy: () => Promise<unknown> | undefined, say: () => void): () => void {
  const form = element.closest("form");
  if (!form) return () => {};
  const onSubmit = (event: SubmitEvent): void => {
    const work = busy();
    if (!work) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    say();
    const by = event.submitter;
    void work.then(
      () => form.requestSubmit(by instanceof HTMLButtonElement ? by : undefined),
      () => {},
    );
  };
  form.addEventListener("submit", onSubmit, true);
  return () => form.removeEventListener("submit", onSubmit, true);
}
