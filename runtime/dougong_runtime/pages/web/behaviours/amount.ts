// An amount in groups of three when its box is left, and plain while one types; 万, 亿, k and m are written out.
const STEPS: Record<string, number> = { 千: 3, k: 3, 万: 4, w: 4, 百万: 6, m: 6, 千万: 7, 亿: 8, bn: 9 };

/** The digits of a typed amount, without groups, currency and 万; undefined where it is none. */
function digits(text: string): string | undefined {
  const t = text
    .replace(/[\uff01-\uff5e]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 0xfee0))
    .replace(/[\s\u00a0¥￥$€£元]/g, "")
    .replace(/^(-?)(cny|rmb|usd|eur|hkd)/i, "$1");
  const m = t.match(/^(-?)(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?(千万|百万|千|万|亿|k|w|m|bn)?$/i);
  if (!m) return undefined;
  const whole = m[2]!.replace(/,/g, "");
  const places = (m[3] ?? "").slice(1);
  if (!m[4]) return `${m[1]}${whole}${m[3] ?? ""}`;
  const step = STEPS[m[4].toLowerCase()]!;
  const all = whole + places.padEnd(step, "0");
  const rest = all.slice(whole.length + step).replace(/0+$/, "");
  return `${m[1]}${all.slice(0, whole.length + step).replace(/^0+(?=\d)/, "")}${rest ? `.${rest}` : ""}`;
}

export function connect(element: HTMLElement): (() => void) | undefined {
  const input = element as HTMLInputElement;
  const onFocus = (): void => {
    const plain = digits(input.value);
    if (plain !== undefined && !input.readOnly && plain !== input.value) {
      input.value = plain;
      input.select();
    }
  };
  const onBlur = (): void => {
    const plain = digits(input.value);
    if (plain === undefined) return;
    const [whole, places] = plain.split(".");
    input.value = whole!.replace(/\B(?=(\d{3})+$)/g, ",") + (places === undefined ? "" : `.${places}`);
  };
  input.addEventListener("focus", onFocus);
  input.addEventListener("blur", onBlur);
  return undefined;
}
