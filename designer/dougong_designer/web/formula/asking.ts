// What the server says of a formula while it is written. Where it stands goes with each question.
export interface Where {
  app: string;
  at: string;
  entity: string;
  place: string;
}

export interface Fix {
  offset: number;
  length: number;
  text: string;
}

export interface Checked {
  problems: { offset: number; length: number; detail: string; fix: Fix | null }[];
  type: { kind: string; label: string } | null;
  chips: { offset: number; length: number; label: string; kind: string }[];
}

export interface Offered {
  start: number;
  end: number;
  is_whole: boolean;
  items: {
    label: { zh: string; en: string };
    insert: string;
    sort: string;
    detail: string;
    help: { zh: string; en: string } | null;
    after: number;
  }[];
}

const csrf = (): string => document.querySelector<HTMLMetaElement>("meta[name=csrf-token]")?.content ?? "";

/** The app that is built, by the frame's address. */
export const appShown = (): string =>
  (document.querySelector<HTMLElement>("[data-studio]")?.dataset.studio ?? "").split("/").pop() ?? "";

async function ask<T>(what: string, where: Where, more: Record<string, unknown>): Promise<T | undefined> {
  const { app, ...rest } = where;
  const answer = await fetch(`/api/v1/studio/${app}/formula/${what}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf() },
    body: JSON.stringify({ ...rest, ...more }),
  }).catch(() => undefined);
  return answer?.ok ? ((await answer.json()) as T) : undefined;
}

export const check = (where: Where, text: string): Promise<Checked | undefined> => ask("check", where, { text });

export const complete = (where: Where, text: string, cursor: number): Promise<Offered | undefined> =>
  ask("complete", where, { text, cursor });

/** A part of the studio's pages about a formula, as markup. `given`: fields of a form beside. */
export async function part(
  path: string,
  where: Where,
  more: Record<string, string>,
  given: [string, string][] = [],
): Promise<string | undefined> {
  const { app, ...rest } = where;
  const body = new URLSearchParams({ ...rest, ...more });
  for (const [name, value] of given) body.append(name, value);
  const answer = await fetch(`/studio/${app}/${path}`, {
    method: "POST",
    headers: { "HX-Request": "true", "HX-Request-Type": "partial", "X-CSRF-Token": csrf() },
    body,
  }).catch(() => undefined);
  return answer?.ok ? answer.text() : undefined;
}

/** A text with a remedy carried out. Offsets count characters as the server does, not UTF-16 units. */
export function mended(text: string, fix: Fix): string {
  const letters = Array.from(text);
  letters.splice(fix.offset, fix.length, fix.text);
  return letters.join("");
}
