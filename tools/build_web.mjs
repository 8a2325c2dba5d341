// Bundles the pages' front end into runtime/dougong_runtime/pages/static/dist: script, styles and icon sprite under
// hashed names, each with .br and .gz beside it, and manifest.json that maps plain names to hashed ones.
// Run: node tools/build_web.mjs (needs `npm ci` once)
import { build, transform } from "esbuild";
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const pages = path.join(root, "runtime/dougong_runtime/pages");
const web = path.join(pages, "web");
const studio = path.join(root, "designer/dougong_designer/web");
const out = path.join(pages, "static/dist");
const target = ["chrome109", "firefox115", "safari16.4"];
const BUDGET = { script: 60 * 1024, all: 120 * 1024 }; // bytes, gzip: a first view's limits

const manifest = {};
const sizes = {};

async function put(name, bytes, named) {
  const data = Buffer.from(bytes);
  const mark = createHash("sha256").update(data).digest("hex").slice(0, 10);
  const { name: stem, ext } = path.parse(name);
  const hashed = named ?? `${stem}-${mark}${ext}`;
  const zipped = gzipSync(data, { level: 9 });
  await writeFile(path.join(out, hashed), data);
  await writeFile(path.join(out, `${hashed}.gz`), zipped);
  await writeFile(
    path.join(out, `${hashed}.br`),
    brotliCompressSync(data, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }),
  );
  manifest[name] = hashed;
  sizes[name] = { raw: data.length, gzip: zipped.length };
}

async function script(name, entry) {
  const bundled = await build({
    entryPoints: [path.join(web, entry)],
    bundle: true,
    minify: true,
    write: false,
    format: "iife",
    target,
    legalComments: "none",
    absWorkingDir: root,
  });
  await put(name, bundled.outputFiles[0].contents);
}

// The scripts as modules: what behaviours bring along only when they are met (`lazily` in behaviour.ts) becomes chunks of
// their own. They name each other, so the bundler's hashes stand; what the pages' entry needs at once is listed.
async function modules(entries) {
  const bundled = await build({
    entryPoints: Object.fromEntries(Object.entries(entries).map(([name, file]) => [path.parse(name).name, file])),
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: "esm",
    splitting: true,
    outdir: out,
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    target,
    legalComments: "none",
    absWorkingDir: root,
  });
  const outputs = Object.entries(bundled.metafile.outputs);
  const plain = new Map();
  for (const [name, file] of Object.entries(entries)) {
    const [made, { imports }] = outputs.find(([, o]) => o.entryPoint && path.join(root, o.entryPoint) === file);
    plain.set(path.basename(made), name);
    if (name !== "dougong.js") continue;
    for (const one of imports.filter((i) => i.kind === "import-statement"))
      plain.set(path.basename(one.path), `first/${path.basename(one.path)}`);
  }
  for (const file of bundled.outputFiles) {
    const hashed = path.basename(file.path);
    await put(plain.get(hashed) ?? `later/${hashed}`, file.contents, hashed);
  }
}

// The same token block once more, for "auto" before (or without) the script that resolves it.
function withAutoTheme(css) {
  const dark = css.match(/:root\[data-theme=dark\] \{([^}]*)\}/);
  if (!dark) return css;
  return `${css}\n@layer tokens { @media (prefers-color-scheme: dark) { :root[data-theme=auto] {${dark[1]}} } }`;
}

async function styles() {
  const parts = {
    "dougong.css": [web, (n) => n < "95"],
    "gate.css": [web, (n) => n.startsWith("95")],
    "studio.css": [studio, () => true],
  };
  for (const [name, [from, belongs]] of Object.entries(parts)) {
    const folder = path.join(from, "styles");
    const names = (await readdir(folder)).filter((n) => n.endsWith(".css") && belongs(n)).sort();
    const joined = await Promise.all(names.map((n) => readFile(path.join(folder, n), "utf8")));
    const made = await transform(withAutoTheme(joined.join("\n")), { loader: "css", minify: true, target });
    await put(name, made.code);
  }
}

async function sprite() {
  const wanted = (await readFile(path.join(web, "icons.txt"), "utf8")).split("\n").filter(Boolean);
  const folder = path.join(root, "node_modules/@tabler/icons/icons/outline");
  const symbols = await Promise.all(
    wanted.map(async (name) => {
      const svg = await readFile(path.join(folder, `${name}.svg`), "utf8");
      const inner = svg
        .slice(svg.indexOf(">") + 1, svg.lastIndexOf("</svg>"))
        .replace(/<path stroke="none"[^>]*\/>/, "")
        .replace(/\s*\n\s*/g, "");
      return `<symbol id="i-${name}" viewBox="0 0 24 24">${inner}</symbol>`;
    }),
  );
  const logo = await readFile(path.join(web, "logo.svg"), "utf8");
  await put("icons.svg", `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}${logo.trim()}</svg>`);
  await put("favicon.svg", await readFile(path.join(web, "favicon.svg")));
  await put("app-icon.svg", await readFile(path.join(web, "app-icon.svg")));
}

await mkdir(out, { recursive: true });
await Promise.all([
  modules({ "dougong.js": path.join(web, "main.ts"), "studio.js": path.join(studio, "studio.ts") }),
  script("theme.js", "theme.ts"),
  styles(),
  sprite(),
]);
await writeFile(path.join(out, "manifest.json"), `${JSON.stringify(manifest, Object.keys(manifest).sort(), 1)}\n`);

// A server that is running goes on naming the files it started with: those of the last day stay.
const current = new Set(Object.values(manifest).flatMap((n) => [n, `${n}.gz`, `${n}.br`]).concat("manifest.json"));
for (const file of await readdir(out)) {
  const { mtimeMs } = await stat(path.join(out, file));
  if (!current.has(file) && Date.now() - mtimeMs > 86_400_000) await rm(path.join(out, file), { force: true });
}

const weigh = (fits) => Object.entries(sizes).reduce((sum, [name, s]) => sum + (fits(name) ? s.gzip : 0), 0);
const isLater = (name) => name.startsWith("later/") || name.startsWith("studio."); // the studio is no first view
const first = weigh((name) => name.endsWith(".js") && !isLater(name));
const all = weigh((name) => !isLater(name));
for (const [name, s] of Object.entries(sizes)) console.log(`${name.padEnd(32)} ${s.raw} bytes, ${s.gzip} gzip`);
if (first > BUDGET.script || all > BUDGET.all) {
  console.error(`over budget: script ${first}, all ${all}`);
  process.exit(1);
}
