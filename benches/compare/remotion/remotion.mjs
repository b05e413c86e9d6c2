// Bundles or renders the composition; called by benches/compare/run, which gives one JSON argument:
//   {"do": "bundle", "public": FOLDER, "out": FOLDER}
//   {"do": "render", "bundle": FOLDER, "props": FILE, "out": FILE, "browser": FILE, "concurrency": N}
// The encoder gets the settings of the other candidates: x264 veryfast, CRF 20, 4:2:0 in BT.709, no sound.
import {readFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';

const order = JSON.parse(process.argv[2]);

if (order.do === 'bundle') {
  const {bundle} = await import('@remotion/bundler');
  await bundle({
    entryPoint: join(dirname(fileURLToPath(import.meta.url)), 'src', 'index.ts'),
    publicDir: order.public,
    outDir: order.out,
    enableCaching: false,
  });
} else {
  const {openBrowser, renderMedia, selectComposition} = await import('@remotion/renderer');
  const inputProps = JSON.parse(readFileSync(order.props, 'utf8'));
  // A browser of its own kind knows only the old headless mode, a full Chromium only the new one.
  const chromeMode = order.browser.includes('headless') ? 'headless-shell' : 'chrome-for-testing';
  const browser = await openBrowser('chrome', {browserExecutable: order.browser, chromeMode, logLevel: 'error'});
  const shared = {
    serveUrl: order.bundle,
    inputProps,
    puppeteerInstance: browser,
    browserExecutable: order.browser,
    chromeMode,
    logLevel: 'error',
  };
  const composition = await selectComposition({...shared, id: 'quote'});
  await renderMedia({
    ...shared,
    composition,
    outputLocation: order.out,
    codec: 'h264',
    crf: 20,
    x264Preset: 'veryfast',
    pixelFormat: 'yuv420p',
    colorSpace: 'bt709',
    imageFormat: 'jpeg',
    muted: true,
    concurrency: order.concurrency,
    overwrite: true,
  });
  await browser.close({silent: true});
}
