// What a form sends while it is filled in.

/** Everything typed, without files, which go their own way. */
export function typed(form: HTMLFormElement): FormData {
  const data = new FormData(form);
  for (const [name, item] of [...data]) if (item instanceof File) data.delete(name);
  return data;
}

/** The answer as JSON; undefined where there is none, e.g. because one has been signed out. */
export async function post<T>(url: string, data: FormData): Promise<T | undefined> {
  const token = document.querySelector<HTMLMetaElement>("meta[name=csrf-token]")?.content ?? "";
  try {
    const answer = await fetch(url, { method: "POST", body: data, headers: { "X-CSRF-Token": token } });
    if (!answer.ok || !answer.headers.get("content-type")?.includes("json")) return undefined;
    return (await answer.json()) as T;
  } catch {
    return undefined;
  }
}
