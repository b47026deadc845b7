// A GPT in one file: tokenizer, weights, forward pass with a cache, sampling. No library, no network.
// Chapter 54 of the book reads it piece by piece and compares each piece with the book's Python.
"use strict";

// ---- tokens (chapter 02): split into words, then join the known neighbours of lowest rank
const SPLIT = new RegExp(
  String.raw`'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+` +
  String.raw`|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+`, "gu");

function bytesOf(letters) {                      // "\x00" to "\xff": what `atob` gives, and how we keep tokens
  const bytes = new Uint8Array(letters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = letters.charCodeAt(i);
  return bytes;
}

function joinOnce(parts, ranks) {               // null: no two neighbours make a token
  let best = -1, lowest = Infinity;
  for (let i = 0; i + 1 < parts.length; i++) {
    const rank = ranks.get(parts[i] + parts[i + 1]) ?? Infinity;
    if (rank < lowest) [best, lowest] = [i, rank];
  }
  if (best < 0) return null;
  return [...parts.slice(0, best), parts[best] + parts[best + 1], ...parts.slice(best + 2)];
}

function makeTokenizer(list, size) {            // list: tokens in base64, by rank; size: how many, with the end of text
  const tokens = list.split(" ", size - 1).map(atob);           // a token is a string of bytes, "\x00" to "\xff"
  const ranks = new Map(tokens.map((token, rank) => [token, rank]));
  tokens.push("<|endoftext|>");
  const letters = (text) => Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte));

  function encodeWord(word) {
    let parts = letters(word);
    for (let next = parts; next; next = joinOnce(parts, ranks)) parts = next;
    return parts.map((part) => ranks.get(part));
  }
  function decode(ids) {
    const letters = ids.map((id) => tokens[id]).join("");
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytesOf(letters));
  }
  const encode = (text) => (text.match(SPLIT) ?? []).flatMap(encodeWord);
  return { tokens, ranks, letters, encode, decode, eot: size - 1 };
}

// ---- weights: 16 bits each, or 8 or 4 bits in groups of 32 that share a scale (Q8_0 and Q4_0 of ggml)
function half(bits) {                           // the number that 16 bits stand for (IEEE 754)
  const sign = bits & 0x8000 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = bits & 1023;
  return exponent ? sign * (1 + fraction / 1024) * 2 ** (exponent - 15) : sign * fraction * 2 ** -24;
}

function readHalves(view, at, out) {            // fills `out`, and gives the place behind what it read
  for (let i = 0; i < out.length; i++) out[i] = half(view.getUint16(at + 2 * i, true));
  return at + 2 * out.length;
}

function readGroups(view, at, out, bits) {
  for (let i = 0; i < out.length; i += 32, at += 2 + 4 * bits) {
    const scale = half(view.getUint16(at, true));
    for (let j = 0; j < 32; j++) {
      const pair = view.getUint8(at + 2 + j % 16);              // of 4 bits: number j beside number j + 16
      const steps = bits === 8 ? view.getInt8(at + 2 + j) : (j < 16 ? pair & 15 : pair >> 4) - 8;
      out[i + j] = scale * steps;
    }
  }
  return at;
}

function draw(name, n_layer, random, out) {     // as chapter 11 draws them, for a model that knows nothing
  const std = name.endsWith("c_proj.weight") ? 0.02 / Math.sqrt(2 * n_layer) : name === "wpe.weight" ? 0.01 : 0.02;
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  if (name.endsWith("bias")) return;
  for (let i = 0; i < out.length; i++) out[i] = name.includes("ln_") ? 1 : std * normal();
}

function readModel({ config, shapes }, { bits, base64, ids }, random) {     // ids: the tokens it knows; else all
  ids ??= Array.from({ length: config.vocab_size }, (_, id) => id);
  const model = { config, ids, rowOf: new Map(ids.map((id, row) => [id, row])), weights: {} };
  const view = new DataView(bytesOf(atob(base64 ?? "")).buffer);
  let at = 0;
  for (const [name, rows, columns] of shapes) {
    const out = model.weights[name] = new Float32Array((name === "wte.weight" ? ids.length : rows) * columns);
    if (!base64) draw(name, config.n_layer, random, out);
    else at = bits < 16 && rows > 1 ? readGroups(view, at, out, bits) : readHalves(view, at, out);
  }
  return model;
}

// ---- the model (chapters 06 to 09), one token at a time; the past stays in the cache (chapter 15)
function linear(model, name, x) {
  const W = model.weights[name + ".weight"], y = model.weights[name + ".bias"].slice();
  for (let i = 0; i < y.length; i++) y[i] += dot(W, i * x.length, x, 0, x.length);
  return y;
}

function dot(a, i, b, j, n) {
  let sum = 0;
  for (let c = 0; c < n; c++) sum += a[i + c] * b[j + c];
  return sum;
}

function norm(model, name, x) {
  const gain = model.weights[name + ".weight"], bias = model.weights[name + ".bias"];
  const mean = x.reduce((a, b) => a + b) / x.length;
  const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
  return x.map((value, c) => (value - mean) / Math.sqrt(variance + 1e-5) * gain[c] + bias[c]);
}

const gelu = (z) => 0.5 * z * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (z + 0.044715 * z ** 3)));

function softmax(scores) {
  const top = scores.reduce((a, b) => Math.max(a, b));
  const parts = scores.map((score) => Math.exp(score - top));
  const sum = parts.reduce((a, b) => a + b);
  return parts.map((part) => part / sum);
}

function attend(model, q, past, looked) {       // q: (n_embd); past: keys and values of all tokens so far
  const n = q.length / model.config.n_head, y = new Float32Array(q.length);
  for (let start = 0; start < q.length; start += n) {           // a head is n columns
    const scores = past.map(([k]) => dot(q, start, k, start, n) / Math.sqrt(n));
    const weights = softmax(scores);
    weights.forEach((weight, t) => { for (let c = start; c < start + n; c++) y[c] += weight * past[t][1][c]; });
    looked.push(weights);
  }
  return y;
}

const makeCache = (model) => Array.from({ length: model.config.n_layer }, () => []);

function forward(model, token, cache) {         // logits (vocab_size), and what each head looked at
  const { n_layer, n_embd, block_size, vocab_size } = model.config, { weights, rowOf, ids } = model;
  const t = cache[0].length, add = (x, y) => x.map((value, c) => value + y[c]), looked = [];
  if (t >= block_size) throw new RangeError(`the model reads ${block_size} tokens at most: begin a new text`);
  const row = (table, i) => table.subarray(i * n_embd, (i + 1) * n_embd);
  const word = rowOf.has(token) ? row(weights["wte.weight"], rowOf.get(token)) : new Float32Array(n_embd);
  let x = add(word, row(weights["wpe.weight"], t));
  for (let i = 0; i < n_layer; i++) {
    const qkv = linear(model, `h.${i}.attn.c_attn`, norm(model, `h.${i}.ln_1`, x));
    cache[i].push([row(qkv, 1), row(qkv, 2)]);                  // key and value of this token
    x = add(x, linear(model, `h.${i}.attn.c_proj`, attend(model, row(qkv, 0), cache[i], looked)));
    const hidden = linear(model, `h.${i}.mlp.c_fc`, norm(model, `h.${i}.ln_2`, x)).map(gelu);
    x = add(x, linear(model, `h.${i}.mlp.c_proj`, hidden));
  }
  x = norm(model, "ln_f", x);
  const logits = new Float32Array(vocab_size).fill(-Infinity);
  ids.forEach((id, at) => { logits[id] = dot(weights["wte.weight"], at * n_embd, x, 0, n_embd); });
  return { logits, looked };
}

// ---- sampling (chapter 15)
function makeRandom(seed) {                     // uniform in [0, 1), by the generator mulberry32
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function pick(logits, temperature, topK, random) {      // temperature 0: always the likeliest
  const order = Array.from(logits.keys()).sort((a, b) => logits[b] - logits[a] || a - b);
  if (temperature === 0) return order[0];
  const kept = order.slice(0, topK), p = softmax(kept.map((id) => (logits[id] - logits[order[0]]) / temperature));
  let left = random();
  return kept[Math.max(0, p.findIndex((share) => (left -= share) < 0))];
}
