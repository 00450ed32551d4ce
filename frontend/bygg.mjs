// Bundles the front end into static/dist/: `node frontend/bygg.mjs`, called by the set-up.
//
// - portal.css, portal.js and every page module in sider/ become minified files with a hash of their
//   content in the name, so that a browser may keep them for ever; manifest.json tells the names.
// - Fonts lie beside them as files. The icons named in ikoner.json become one sprite, ikoner.svg, also hashed.
// - All is built in a folder of its own that takes static/dist's place at the end: a build that is cut off
//   leaves the former one whole.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';

const BROWSERS = ['chrome100', 'edge100', 'firefox100', 'safari15.4'];

/** The files that browsers ask for by name: [key in the manifest, source file]. */
async function entries(source) {
  const found = ['portal.css', 'portal.js'].map((name) => [name, path.join(source, name)]);
  // The service worker is served at the root (/sw.js), since it reaches no further than its address.
  const worker = path.join(source, 'tjenestearbeider.js');
  if (existsSync(worker)) found.push(['tjenestearbeider.js', worker]);
  const pages = path.join(source, 'sider');
  if (existsSync(pages)) {
    for (const name of (await readdir(pages)).sort()) {
      if (name.endsWith('.js') && !name.endsWith('.test.js')) {
        found.push([`sider/${name}`, path.join(pages, name)]);
      }
    }
  }
  return found;
}

/** Bundle with esbuild; returns {key: file name}, both relative to the target and with forward slashes. */
async function bundle(source, target) {
  const wanted = await entries(source);
  const result = await esbuild.build({
    entryPoints: wanted.map(([key, file]) => ({ in: file, out: key.replace(/\.(js|css)$/, '') })),
    outdir: target,
    absWorkingDir: path.dirname(source),
    bundle: true,
    splitting: true,
    format: 'esm',
    minify: true,
    sourcemap: false,
    legalComments: 'linked',
    target: BROWSERS,
    conditions: ['style'],
    entryNames: '[dir]/[name]-[hash]',
    chunkNames: 'deler/[name]-[hash]',
    assetNames: 'filer/[name]-[hash]',
    loader: { '.woff2': 'file', '.woff': 'file', '.svg': 'file', '.png': 'file', '.mp3': 'file', '.wav': 'file' },
    metafile: true,
    logLevel: 'warning',
    logOverride: { 'unsupported-css-nesting': 'silent' },
  });
  const files = Object.fromEntries(
    Object.entries(result.metafile.outputs)
      .filter(([, output]) => output.entryPoint)
      .map(([file, output]) => [path.resolve(path.dirname(source), output.entryPoint), file]),
  );
  return Object.fromEntries(
    wanted.map(([key, file]) => {
      const made = path.resolve(path.dirname(source), files[path.resolve(file)]);
      return [key, path.relative(target, made).split(path.sep).join('/')];
    }),
  );
}

/** One SVG with a <symbol> for each icon in the list; used as <use href="…#Name">, coloured by currentColor. */
export async function sprite(names, folder) {
  const symbols = [];
  for (const name of [...new Set(names)].sort()) {
    const file = path.join(folder, `${name}.svg`);
    if (!/^[A-Za-z0-9]+$/.test(name) || !existsSync(file)) {
      throw new Error(`frontend/ikoner.json names the icon «${name}», which @navikt/aksel-icons does not have.`);
    }
    const [, attributes, body] = /<svg([^>]*)>([\s\S]*)<\/svg>/.exec(await readFile(file, 'utf8'));
    const viewBox = /viewBox="([^"]+)"/.exec(attributes)[1];
    // Identifiers inside an icon would collide in the shared document.
    if (/\bid="/.test(body)) {
      throw new Error(`The icon «${name}» refers to parts of itself by id, which a sprite cannot hold.`);
    }
    const coloured = body.trim().replace(/\s*\n\s*/g, '').replace(/(fill|stroke)="(?:black|#[0-9A-Fa-f]{3,8})"/g, '$1="currentColor"');
    symbols.push(`<symbol id="${name}" viewBox="${viewBox}" fill="none">${coloured}</symbol>`);
  }
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join('')}</svg>\n`;
}

/** Write a file with a hash of its content in the name; returns that name. */
async function hashed(target, name, content) {
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 8).toUpperCase();
  const { name: stem, ext } = path.parse(name);
  await writeFile(path.join(target, `${stem}-${hash}${ext}`), content);
  return `${stem}-${hash}${ext}`;
}

/** Build `source` (the folder frontend/) into `dist`, replacing what is there only when all went well. */
export async function build(source, dist) {
  await mkdir(path.dirname(dist), { recursive: true });
  // Leftovers of builds that were cut off.
  for (const name of await readdir(path.dirname(dist))) {
    if (name.startsWith('.dist-')) {
      await rm(path.join(path.dirname(dist), name), { recursive: true, force: true });
    }
  }
  const target = path.join(path.dirname(dist), `.dist-${process.pid}`);
  await mkdir(target);
  try {
    const manifest = await bundle(source, target);
    const icons = path.dirname(createRequire(import.meta.url).resolve('@navikt/aksel-icons/metadata'));
    const names = JSON.parse(await readFile(path.join(source, 'ikoner.json'), 'utf8'));
    manifest['ikoner.svg'] = await hashed(target, 'ikoner.svg', await sprite(names, path.join(icons, 'svg')));
    await writeFile(path.join(target, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    const former = `${target}-gammel`;
    if (existsSync(dist)) {
      await rename(dist, former);
    }
    await rename(target, dist);
    await rm(former, { recursive: true, force: true });
    return manifest;
  } catch (error) {
    await rm(target, { recursive: true, force: true });
    throw error;
  }
}

if (process.argv[1] && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const source = path.dirname(fileURLToPath(import.meta.url));
  try {
    const manifest = await build(source, path.join(path.dirname(source), 'static', 'dist'));
    console.log(`static/dist: ${Object.values(manifest).join(', ')}`);
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}
