// A trader with the library `ws` and a key of its own, over a websocket and HTTP: node ws_client.cjs URL SYMBOL SECRET.
'use strict';
const assert = require('node:assert');
const { createHash, createPrivateKey, createPublicKey, sign } = require('node:crypto');
const WebSocket = require('ws');

const [url, symbol, secret] = process.argv.slice(2);
const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.from(secret, 'hex')]);
const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
const bytes = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32);
const keyId = 'k_' + bytes.subarray(0, 8).toString('hex');
const now = () => String(BigInt(Date.now()) * 1000000n);
const signed = (lines) => sign(null, Buffer.from(lines.join('\n')), key).toString('base64');
const sha256 = (text) => createHash('sha256').update(text).digest('hex');

async function main() {
  const socket = new WebSocket(url, ['hourbook.json.v1']);
  const passed = [];
  const waiting = [];
  socket.on('message', (text) => {
    const message = JSON.parse(text);
    const place = waiting.findIndex(([isMeant]) => isMeant(message));
    if (place < 0) passed.push(message);
    else waiting.splice(place, 1)[0][1](message);
  });
  const find = (isMeant) => {
    const place = passed.findIndex(isMeant);
    if (0 <= place) return Promise.resolve(passed.splice(place, 1)[0]);
    return new Promise((resolve) => waiting.push([isMeant, resolve]));
  };
  let next = 0;
  const call = (method, params, auth) => {
    const id = ++next;
    // What is signed is the text that is sent.
    const head = `{"method":"${method}","req_id":${id},"params":${params}`;
    socket.send(auth ? `${head},"auth":${JSON.stringify(auth)}}` : `${head}}`);
    return find((message) => message.req_id === id);
  };
  const { data: hello } = await find((message) => message.type === 'hello');
  const ts = now();
  const sig = signed(['hourbook-login-v1', hello.conn_id, hello.challenge, ts]);
  const login = await call('login', JSON.stringify({ key_id: keyId, ts, sig }));
  assert(login.ok, JSON.stringify(login));
  assert.strictEqual(login.result.account, 'ann');
  await call('subscribe', '{"subs":[{"channel":"account"}]}');
  const start = await find((message) => message.channel === 'account');
  assert.strictEqual(start.type, 'snapshot');

  const params = '{ "to": "pat",  "amount": "7.5", "reference": "from-node" }';
  const stamp = now();
  const lines = ['hourbook-request-v1', hello.conn_id, hello.challenge, stamp, 'transfer', sha256(params)];
  const unsigned = await call('transfer', params);
  assert.strictEqual(unsigned.error.code, 'BAD_SIGNATURE');
  const sent = await call('transfer', params, { ts: stamp, sig: signed(lines) });
  assert(sent.ok, JSON.stringify(sent));
  const after = await find((message) => message.channel === 'account' && message.type === 'update');
  assert.strictEqual(after.prev_xseq, start.xseq);

  const base = url.replace('ws://', 'http://').replace('/ws/v1', '');
  const post = async (method, body, nonce) => {
    const [at, path] = [now(), `/rpc/v1/${method}`];
    const proof = signed(['hourbook-http-v1', at, nonce, 'POST', path, sha256(body)]);
    const headers = { 'content-type': 'application/json', 'HB-Key': keyId, 'HB-Ts': at, 'HB-Nonce': nonce, 'HB-Sig': proof };
    const answer = await fetch(base + path, { method: 'POST', headers, body });
    const again = await fetch(base + path, { method: 'POST', headers, body });
    assert.strictEqual((await again.json()).error.code, 'NONCE_USED');
    return { status: answer.status, reply: await answer.json() };
  };
  const repeated = await post('transfer', params, 'node-0123456789abcdef');
  assert.strictEqual(repeated.status, 200, JSON.stringify(repeated));
  assert(repeated.reply.result.duplicate, 'a reference counts once, whatever the way');
  const order = JSON.stringify({ symbol, side: 'buy', type: 'limit', price: '0.3000', qty: '1' });
  const placed = await post('add_order', order, 'node-fedcba9876543210');
  assert.strictEqual(placed.reply.result.status, 'open', JSON.stringify(placed));

  const closed = new Promise((resolve) => socket.on('close', resolve));
  await call('logout', '{}');
  assert.strictEqual(await closed, 1000);
  console.log('ok');
}

const late = setTimeout(() => { console.error('too late'); process.exit(1); }, 30000);
main().then(() => clearTimeout(late), (error) => { console.error(error); process.exit(1); });
