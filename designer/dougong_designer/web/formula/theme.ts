// How the formula editor looks: the pages' tokens, which reach into its shadow root.
import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";

const float = { border: "0", borderRadius: "var(--r3)", background: "var(--sheet)", color: "var(--ink)", boxShadow: "var(--e2)" };

export const look: Extension[] = [
  EditorView.theme({
    "&": { color: "var(--ink)", background: "var(--sheet)", border: "1px solid var(--edge)", borderRadius: "var(--r2)", fontSize: "var(--t3)" },
    "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "1px" },
    ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.8", minHeight: "7.2em", maxHeight: "16em" },
    ".cm-content": { padding: "8px 4px", caretColor: "var(--ink)" },
    ".cm-cursor": { borderLeftColor: "var(--ink)" },
    ".cm-content ::selection": { backgroundColor: "var(--accent-soft)" },
    ".fx-chip": {
      display: "inline-block", padding: "0 6px", borderRadius: "var(--r1)", background: "var(--accent-soft)",
      color: "var(--accent)", fontFamily: "var(--font)", fontSize: "var(--t2)", lineHeight: "1.6", cursor: "text",
    },
    ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--danger)", textUnderlineOffset: "4px" },
    ".cm-lintPoint-error:after": { borderBottomColor: "var(--danger)" },
    ".cm-tooltip": float,
    ".cm-tooltip.cm-tooltip-lint": { padding: "6px", fontFamily: "var(--font)", fontSize: "var(--t2)", maxInlineSize: "420px" },
    ".cm-diagnostic": { padding: "4px 8px" },
    ".cm-diagnostic-error": { borderLeft: "2px solid var(--danger)" },
    ".cm-diagnosticAction": { font: "inherit", color: "var(--accent)", background: "var(--accent-soft)", borderRadius: "var(--r1)", padding: "2px 8px", cursor: "pointer" },
    ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--font)", fontSize: "var(--t2)", maxHeight: "15em", padding: "4px", minWidth: "260px" },
    ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "4px 8px", borderRadius: "var(--r1)", lineHeight: "var(--l2)" },
    ".cm-tooltip-autocomplete ul li[aria-selected]": { background: "var(--accent-soft)", color: "var(--ink)" },
    ".cm-completionDetail": { fontStyle: "normal", color: "var(--ink3)", fontSize: "var(--t1)" },
    ".cm-tooltip.cm-completionInfo": { ...float, padding: "8px 12px", fontFamily: "var(--font)", fontSize: "var(--t1)", lineHeight: "var(--l1)", maxWidth: "280px" },
    ".cm-completionInfo p": { margin: "0" },
    ".cm-completionInfo p + p": { marginTop: "4px", color: "var(--ink3)" },
  }),
];
