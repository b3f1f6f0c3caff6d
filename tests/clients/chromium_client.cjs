// A page in a browser: node chromium_client.cjs URL SYMBOL BROWSER. A page of the exchange's own origin keeps a book and
// proves it after each message; a page of another origin is not let in. The browser is driven through a pipe, in the words
// of the Chrome DevTools Protocol.
'use strict';
const assert = require('node:assert');
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const http = require('node:http');
const os = require('node:os');
const path = require('node:path');

const [url, symbol, browser] = process.argv.slice(2);
const LATE_MS = 60000;

// What the page does. It runs in the browser, so it names nothing from out here.
async function keepBook(url, symbol) {
  const table = Array.from({ length: 256 }, (_, byte) => {
    let sum = byte;
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
    return sum >>> 0;
  });
  const crc32 = (text) => {
    let sum = 0xffffffff;
    for (const letter of text) sum = table[(sum ^ letter.charCodeAt(0)) & 255] ^ (sum >>> 8);
    return (sum ^ 0xffffffff) >>> 0;
  };
  const ticks = (price) => Number(price.replace('.', ''));
  const book = { asks: new Map(), bids: new Map() };
  const best = (side, sign) => [...side].sort(([one], [other]) => sign * (one - other)).slice(0, 10);
  const sum = () => {
    const text = (side, sign) => best(side, sign).map(([tick, lots]) => `${tick}:${lots},`).join('');
    return crc32(`${text(book.asks, 1)}|${text(book.bids, -1)}`);
  };
  const socket = new WebSocket(url, ['hourbook.json.v1']);
  const waiting = [];
  let last, proven = 0, fault;
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    if (message.channel === 'book' && message.type !== 'checkpoint') {
      if (message.type === 'snapshot') book.asks.clear(), book.bids.clear();
      else if (message.prev_seq !== last) fault ??= `a gap before ${data}`;
      last = message.seq;
      for (const side of ['asks', 'bids']) {
        for (const [price, lots] of message.data[side] ?? []) {
          if (lots === '0') book[side].delete(ticks(price));
          else book[side].set(ticks(price), Number(lots));
        }
      }
      if (sum() !== message.data.crc) fault ??= `another checksum than ${sum()}: ${data}`;
      else proven++;
    }
    const place = waiting.findIndex(([isMeant]) => isMeant(message));
    if (0 <= place) waiting.splice(place, 1)[0][1](message);
  };
  const find = (isMeant) => new Promise((resolve) => waiting.push([isMeant, resolve]));
  let next = 0;
  const call = async (method, params) => {
    const id = ++next;
    const reply = find((message) => message.req_id === id);
    socket.send(JSON.stringify({ method, req_id: id, params }));
    const { ok, result, error } = await reply;
    if (!ok) throw new Error(`${method}: ${JSON.stringify(error)}`);
    return result;
  };
  await find((message) => message.type === 'hello');
  await call('login', { token: 'dev:ann' });
  await call('subscribe', { subs: [{ channel: 'book', symbol }] });
  // More levels than the checksum is over, and trades, and levels that vanish.
  const order = (side, price, qty) => call('add_order', { symbol, side, type: 'limit', price, qty });
  for (let level = 0; level < 15; level++) {
    await order('buy', `0.${2000 + level}`, '3');
    await order('sell', `0.${9000 - level}`, '2');
  }
  await call('cancel_all', { side: 'buy' });
  await order('buy', '0.5000', '1');
  const done = new Promise((resolve) => (socket.onclose = ({ code, wasClean }) => resolve({ code, wasClean })));
  // Whatever was sent before the answer to this has come.
  await call('ping', {});
  await new Promise((resolve) => setTimeout(resolve, 300));
  const levels = [book.asks.size, book.bids.size];
  await call('logout', {});
  return { proven, fault, levels, protocol: socket.protocol, ...(await done) };
}

// Whether a page is let in; runs in the browser.
async function knock(url) {
  const socket = new WebSocket(url);
  return new Promise((resolve) => {
    socket.onopen = () => resolve('open');
    socket.onclose = ({ code }) => resolve(code);
  });
}

// The browser, through its pipe: each message is JSON and ends with a zero byte.
function drive(folder) {
  const arguments_ = ['--headless', '--no-sandbox', '--disable-gpu', '--remote-debugging-pipe', `--user-data-dir=${folder}`];
  const child = spawn(browser, arguments_, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
  const [to, from] = [child.stdio[3], child.stdio[4]];
  const waiting = new Map();
  let rest = '';
  from.setEncoding('utf8');
  from.on('data', (text) => {
    const parts = (rest + text).split('\0');
    rest = parts.pop();
    for (const message of parts.map((part) => JSON.parse(part))) {
      waiting.get(message.id)?.(message);
      waiting.delete(message.id);
    }
  });
  let next = 0;
  const send = (method, params, sessionId) => {
    const id = ++next;
    to.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return new Promise((resolve, reject) => {
      waiting.set(id, ({ result, error }) => (error ? reject(new Error(`${method}: ${error.message}`)) : resolve(result)));
    });
  };
  return { child, send };
}

// What a function comes to in a page of this address.
async function within(send, address, called, ...given) {
  const { targetId } = await send('Target.createTarget', { url: 'about:blank' });
  const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true });
  const { errorText } = await send('Page.navigate', { url: address }, sessionId);
  assert(!errorText, `${address}: ${errorText}`);
  const origin = new URL(address).origin;
  const evaluate = (expression) => send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true }, sessionId);
  // The page that was there before is left behind.
  while ((await evaluate('location.origin')).result.value !== origin);
  const expression = `(${called})(...${JSON.stringify(given)})`;
  const { result, exceptionDetails } = await evaluate(expression);
  assert(!exceptionDetails, JSON.stringify(exceptionDetails));
  return result.value;
}

async function main(send) {
  const own = `${new URL(url.replace('ws://', 'http://')).origin}/healthz`;
  const kept = await within(send, own, keepBook, url, symbol);
  assert.strictEqual(kept.fault, undefined);
  // The snapshot, thirty orders that rest, their cancellation and one more.
  assert(33 <= kept.proven, JSON.stringify(kept));
  assert.deepStrictEqual(kept.levels, [15, 1]);
  assert.deepStrictEqual([kept.protocol, kept.code, kept.wasClean], ['hourbook.json.v1', 1000, true]);

  const other = http.createServer((_, response) => response.setHeader('content-type', 'text/html').end('<p>elsewhere'));
  await new Promise((resolve) => other.listen(0, '127.0.0.1', resolve));
  const elsewhere = `http://127.0.0.1:${other.address().port}/`;
  assert.strictEqual(await within(send, elsewhere, knock, url), 1006, 'a page of another origin is not let in');
  assert.strictEqual(await within(send, own, knock, url), 'open', 'a page of the same origin is');
  other.close();
  other.closeAllConnections();
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'hourbook-browser-'));
const { child, send } = drive(folder);
const end = async (status) => {
  const ended = new Promise((resolve) => child.on('exit', resolve));
  child.kill('SIGKILL');
  await ended;
  fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  process.exit(status);
};
setTimeout(() => { console.error('too late'); end(1); }, LATE_MS).unref();
child.on('error', (error) => { console.error(error); process.exit(1); });
main(send).then(() => { console.log('ok'); return end(0); }, (error) => { console.error(error); return end(1); });
