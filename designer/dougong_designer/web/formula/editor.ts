// The formula editor on CodeMirror. It lives in a shadow root, where CodeMirror puts its styles in as constructed style
// sheets; in the document itself it would write <style> elements, which the pages' policy forbids.
import {
  type CompletionContext,
  type CompletionResult,
  autocompletion,
  completionKeymap,
  pickedCompletion,
} from "@codemirror/autocomplete";
import { history, historyKeymap, standardKeymap } from "@codemirror/commands";
import { type Diagnostic, setDiagnostics } from "@codemirror/lint";
import { type Extension, type Range, EditorState, StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, WidgetType, keymap } from "@codemirror/view";
import { type Checked, type Fix, type Offered, type Where, check, complete } from "./asking";
import { look } from "./theme";

const CHECK_AFTER_MS = 200;

export interface Editor {
  insert(text: string, after: number): void;
  mend(fix: Fix): void;
  focus(): void;
  end(): void;
}

/** The server counts characters, the editor UTF-16 units: both agree but for what lies beyond the basic plane. */
function units(text: string): (character: number) => number {
  if (!/[\ud800-\udbff]/.test(text)) return (character) => Math.min(character, text.length);
  const starts = [0];
  for (const letter of text) starts.push((starts.at(-1) ?? 0) + letter.length);
  return (character) => starts[Math.min(character, starts.length - 1)] ?? text.length;
}

class ChipWidget extends WidgetType {
  constructor(
    readonly label: string,
    readonly name: string,
  ) {
    super();
  }

  override eq(other: ChipWidget): boolean {
    return other.label === this.label && other.name === this.name;
  }

  toDOM(): HTMLElement {
    const chip = document.createElement("span");
    chip.className = "fx-chip";
    chip.textContent = this.label;
    chip.title = this.name;
    return chip;
  }

  override ignoreEvent(): boolean {
    return false;
  }
}

const setChips = StateEffect.define<Checked["chips"]>();
const known = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(chips, transaction) {
    let next = chips.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (!effect.is(setChips)) continue;
      const text = transaction.state.doc.toString();
      const unit = units(text);
      const made: Range<Decoration>[] = effect.value.map((chip) => {
        const [from, to] = [unit(chip.offset), unit(chip.offset + chip.length)];
        return Decoration.mark({ label: chip.label, name: text.slice(from, to) }).range(from, to);
      });
      next = Decoration.set(made, true);
    }
    return next;
  },
});

/** A name is shown by its label unless the cursor touches it. */
const chips = EditorView.decorations.compute([known, "selection"], (state) => {
  const made: Range<Decoration>[] = [];
  const touched = (from: number, to: number): boolean =>
    state.selection.ranges.some((range) => range.from <= to && range.to >= from);
  state.field(known).between(0, state.doc.length, (from, to, value) => {
    const { label, name } = value.spec as { label: string; name: string };
    const unchanged = state.sliceDoc(from, to) === name;
    if (unchanged && !touched(from, to)) made.push(Decoration.replace({ widget: new ChipWidget(label, name) }).range(from, to));
  });
  return Decoration.set(made, true);
});

export function edit(box: HTMLTextAreaElement, where: Where, changed: (text: string) => void, take: () => void): Editor {
  const host = document.createElement("div");
  host.className = "fx-cm";
  box.before(host);
  box.hidden = true;
  const root = host.attachShadow({ mode: "open" });
  const zh = document.documentElement.lang.startsWith("zh");
  let timer = 0;

  const examine = async (): Promise<void> => {
    const text = view.state.doc.toString();
    const found = await check(where, text);
    if (!found || text !== view.state.doc.toString()) return;
    view.dispatch(setDiagnostics(view.state, diagnostics(found, text)), { effects: setChips.of(found.chips) });
  };
  const diagnostics = (found: Checked, text: string): Diagnostic[] => {
    const unit = units(text);
    return found.problems.map(({ offset, length, detail, fix }) => ({
      from: unit(offset),
      to: Math.max(unit(offset + length), unit(offset)),
      severity: "error",
      message: detail,
      actions: fix ? [{ name: fix.text || "⌫", apply: () => mend(fix) }] : [],
    }));
  };
  function mend(fix: Fix): void {
    const unit = units(view.state.doc.toString());
    const [from, to] = [unit(fix.offset), unit(fix.offset + fix.length)];
    view.dispatch({ changes: { from, to, insert: fix.text }, selection: { anchor: from + fix.text.length } });
    view.focus();
  }

  const source = async (context: CompletionContext): Promise<CompletionResult | null> => {
    const text = context.state.doc.toString();
    const before = text.slice(0, context.pos);
    if (!context.explicit && !/[\w.'"‘“一-鿿]$/.test(before)) return null;
    const found = await complete(where, text, Array.from(before).length);
    if (!found || context.aborted || !found.items.length) return null;
    // Signs between operands are offered to who asks for them, not to who goes on writing.
    if (!context.explicit && found.start === found.end && found.items[0]?.sort === "word") return null;
    const unit = units(text);
    return { from: unit(found.start), to: unit(found.end), filter: false, options: found.items.map((one) => option(one, zh)) };
  };

  const extensions: Extension[] = [
    history(),
    known,
    chips,
    autocompletion({ override: [source], icons: false, activateOnTypingDelay: 80, maxRenderedOptions: 60 }),
    keymap.of([
      { key: "Mod-Enter", run: () => (take(), true) },
      ...completionKeymap,
      ...standardKeymap,
      ...historyKeymap,
    ]),
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({
      "aria-label": box.getAttribute("aria-label") ?? "",
      spellcheck: "false",
      autocapitalize: "off",
    }),
    EditorView.updateListener.of((update) => {
      if (!update.docChanged) return;
      changed(update.state.doc.toString());
      window.clearTimeout(timer);
      timer = window.setTimeout(() => void examine(), CHECK_AFTER_MS);
    }),
    ...look,
  ];
  const view: EditorView = new EditorView({
    root,
    parent: root,
    state: EditorState.create({ doc: box.value, selection: { anchor: box.value.length }, extensions }),
  });
  void examine();

  return {
    insert(text, after) {
      const { from, to } = view.state.selection.main;
      view.dispatch({ changes: { from, to, insert: text }, selection: { anchor: from + text.length - after } });
      view.focus();
    },
    mend,
    focus: () => view.focus(),
    end() {
      window.clearTimeout(timer);
      view.destroy();
      host.remove();
      box.hidden = false;
    },
  };
}

function option(one: Offered["items"][number], zh: boolean): CompletionResult["options"][number] {
  const words = zh ? one.label.zh : one.label.en;
  const name = one.insert.replace(/['"’”]$/, "");
  const same = words === name || one.sort === "function";
  return {
    label: one.insert,
    displayLabel: one.sort === "function" ? one.insert.replace(/\(\)$/, "") : words,
    detail: one.sort === "function" ? one.detail : [same ? "" : name, one.detail].filter(Boolean).join(" · "),
    info: one.help ? () => helped(one.help, zh) : undefined,
    apply: (view, completion, from, to) => {
      view.dispatch({
        changes: { from, to, insert: one.insert },
        selection: { anchor: from + one.insert.length - one.after },
        annotations: pickedCompletion.of(completion),
        userEvent: "input.complete",
      });
    },
  };
}

function helped(help: { zh: string; en: string } | null, zh: boolean): HTMLElement {
  const made = document.createElement("div");
  for (const language of zh ? (["zh", "en"] as const) : (["en", "zh"] as const)) {
    const line = document.createElement("p");
    line.lang = language;
    line.textContent = help?.[language] ?? "";
    made.append(line);
  }
  return made;
}
