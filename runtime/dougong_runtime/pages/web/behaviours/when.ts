// Days and moments as people type them; `pages/when.py` reads the same, and what counts is read there. Both are held to
// one list (tests/data/when.json).
const NAMED: Record<string, number> = {
  今天: 0, today: 0, t: 0, 明天: 1, tomorrow: 1, tmr: 1, 后天: 2, 大后天: 3, 昨天: -1, yesterday: -1, 前天: -2,
};
const ENGLISH = ["mon|monday", "tue|tues|tuesday", "wed|wednesday", "thu|thur|thurs|thursday", "fri|friday", "sat|saturday", "sun|sunday"];
const CHINESE = "一二三四五六日";
const WEEKS: Record<string, number> = { 上: -1, last: -1, 本: 0, 这: 0, this: 0, 下: 1, next: 1, 下下: 2 };
const MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const HALVES: Record<string, number> = { 凌晨: 0, 早上: 0, 上午: 0, am: 0, 中午: 12, 下午: 12, 傍晚: 12, 晚上: 12, pm: 12 };
const TIMES: Record<string, string> = { noon: "12:00", 中午: "12:00", midnight: "00:00", 午夜: "00:00" };
const CLOCK =
  /^(凌晨|早上|上午|中午|下午|傍晚|晚上)?(\d{1,2})(?::(\d{2})(?::\d{2})?|[点时](?:(半)|([一三])刻|(\d{1,2})分?)?)? ?(am|pm)?$/;

const two = (n: number): string => String(n).padStart(2, "0");
export const iso = (d: Date): string => `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
export const plus = (from: Date, days: number): Date => new Date(from.getFullYear(), from.getMonth(), from.getDate() + days);
export const dayOf = (text: string): Date | undefined => {
  const m = text.match(/^(\d{4})-(\d{2})-(\d{2})/);
  return m ? new Date(+m[1]!, +m[2]! - 1, +m[3]!) : undefined;
};

function tidy(text: string): string {
  return text
    .replace(/[\uff01-\uff5e]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 0xfee0))
    .toLowerCase()
    .replace(/[，,]/g, " ")
    .replace(/\s+/g, " ")
    .trim();
}

function checked(year: number, month: number, day: number): string | undefined {
  const made = new Date(year, month - 1, day);
  return made.getMonth() === month - 1 && made.getDate() === day ? iso(made) : undefined;
}

/** The day that a text means, counted from `today`; undefined where it means none. */
export function understandDay(text: string, today: Date): string | undefined {
  const t = tidy(text);
  if (!t || t.length > 60) return undefined;
  const [year, month] = [today.getFullYear(), today.getMonth()];
  if (t in NAMED) return iso(plus(today, NAMED[t]!));
  if (/^(月底|end of month|eom)$/.test(t)) return iso(new Date(year, month + 1, 0));
  if (t === "下月底") return iso(new Date(year, month + 2, 0));
  if (t === "月初") return iso(new Date(year, month, 1));
  if (t === "下月初") return iso(new Date(year, month + 1, 1));
  if (t === "年底" || t === "end of year") return `${year}-12-31`;
  let m: RegExpMatchArray | null;
  const days = (n: string, unit: string | undefined): number => Number(n) * (/^(w|周|个?星期)/.test(unit ?? "") ? 7 : 1);
  if ((m = t.match(/^([+-]\d{1,4}) ?(d|w)?$/))) return iso(plus(today, days(m[1]!, m[2])));
  if ((m = t.match(/^(\d{1,4}) ?(天|日|周|个星期|星期)([后前])$/))) return iso(plus(today, days(m[1]!, m[2]) * (m[3] === "后" ? 1 : -1)));
  if ((m = t.match(/^(in )?(\d{1,4}) ?(d|days?|w|weeks?)( ago| from now)?$/)) && (m[1] || m[4] || m[3]!.length === 1))
    return iso(plus(today, days(m[2]!, m[3]) * (m[4] === " ago" ? -1 : 1)));
  m = t.match(/^(下下|下|上|本|这)?个?(?:周|星期|礼拜)([一二三四五六日天])$/) ?? t.match(/^(?:(next|last|this) )?([a-z]+)$/);
  if (m) {
    const word = m[2]!;
    const at = word === "天" ? 6 : word.length === 1 && CHINESE.includes(word) ? CHINESE.indexOf(word) : ENGLISH.findIndex((e) => e.split("|").includes(word));
    if (at >= 0) {
      const found = plus(today, at - ((today.getDay() + 6) % 7));
      if (m[1]) return iso(plus(found, 7 * WEEKS[m[1]]!));
      return iso(found >= plus(today, 0) ? found : plus(found, 7));
    }
  }
  const plain = t.replace(/ /g, "").replace(/[日号]$/, "").replace(/[./年月]/g, "-");
  if ((m = plain.match(/^(\d{4})-(\d{1,2})-(\d{1,2})$/) ?? plain.match(/^(\d{4})(\d{2})(\d{2})$/))) return checked(+m[1]!, +m[2]!, +m[3]!);
  if ((m = plain.match(/^(\d{1,2})-(\d{1,2})$/))) return checked(year, +m[1]!, +m[2]!);
  if ((m = t.replace(/ /g, "").match(/^(\d{1,2})[日号]$/))) return checked(year, month + 1, +m[1]!);
  m = t.match(/^(?<d>\d{1,2}) (?<m>[a-z]{3,9})(?: (?<y>\d{4}))?$/) ?? t.match(/^(?<m>[a-z]{3,9}) (?<d>\d{1,2})(?: (?<y>\d{4}))?$/);
  if (m?.groups) {
    const at = MONTHS.indexOf(m.groups.m!.slice(0, 3));
    return at < 0 ? undefined : checked(Number(m.groups.y ?? year), at + 1, Number(m.groups.d));
  }
  return undefined;
}

function understandTime(text: string): string | undefined {
  if (text in TIMES) return TIMES[text];
  const m = text.replace(/^t/, "").replace(/^at /, "").trim().match(CLOCK);
  if (!m || !(m[3] || m[7] || /[点时]/.test(text) || m[1])) return undefined;
  let hour = Number(m[2]);
  const minute = Number(m[3] ?? m[6] ?? (m[4] ? 30 : m[5] ? 15 * "_一_三".indexOf(m[5]) : 0));
  const word = m[7] ?? m[1];
  if (word && hour <= 12) {
    hour = (hour % 12) + HALVES[word]!;
    if (word === "中午" && hour === 23) hour = 11;
  }
  return hour < 24 && minute < 60 ? `${two(hour)}:${two(minute)}` : undefined;
}

/** The moment that a text means, as `2026-03-02 15:00`; undefined where day or time is missing. */
export function understandMoment(text: string, now: Date): string | undefined {
  const t = tidy(text);
  if (!t || t.length > 60) return undefined;
  const told = (d: Date): string => `${iso(d)} ${two(d.getHours())}:${two(d.getMinutes())}`;
  if (t === "now" || t === "现在") return told(now);
  const soon = t.match(/^(?:\+|in )?(\d{1,3}) ?(h|hours?|小时|m|min|minutes?|分钟)(后)?$/);
  if (soon && (soon[3] || /^(\+|in )/.test(t)))
    return told(new Date(now.getTime() + Number(soon[1]) * (/^[h小]/.test(soon[2]!) ? 3_600_000 : 60_000)));
  for (let at = 0; at <= t.length; at++)
    for (const [first, second] of [[t.slice(0, at), t.slice(at)], [t.slice(at), t.slice(0, at)]] as const) {
      const day = first.trim() ? understandDay(first, now) : iso(now);
      const time = understandTime(second.trim());
      if (day && time) return `${day} ${time}`;
    }
  return undefined;
}
