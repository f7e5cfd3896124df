// SHA-256 (FIPS 180-4). Browsers have it in pages that came by https only, and rooms
// without a network have no certificates; edges are named by it everywhere.

const k = new Uint32Array(64);
const start = new Uint32Array(8);
{
  // The constants are the fractional parts of the square and cube roots of the first primes.
  let found = 0;
  for (let n = 2; found < 64; n++) {
    let prime = true;
    for (let d = 2; d * d <= n; d++) if (n % d === 0) prime = false;
    if (!prime) continue;
    if (found < 8) start[found] = (Math.sqrt(n) % 1) * 2 ** 32;
    k[found++] = (Math.cbrt(n) % 1) * 2 ** 32;
  }
}

const turn = (x: number, n: number): number => (x >>> n) | (x << (32 - n));

/** sha256Hex returns the hash of a text's UTF-8 bytes, in lower-case hexadecimal. */
export function sha256Hex(text: string): string {
  const message = new TextEncoder().encode(text);
  const blocks = new Uint8Array(((message.length + 8) >> 6 << 6) + 64);
  blocks.set(message);
  blocks[message.length] = 0x80;
  const view = new DataView(blocks.buffer);
  view.setUint32(blocks.length - 8, Math.floor(message.length / 2 ** 29));
  view.setUint32(blocks.length - 4, message.length << 3);
  const h = start.slice();
  const w = new Uint32Array(64);
  for (let at = 0; at < blocks.length; at += 64) {
    for (let i = 0; i < 16; i++) w[i] = view.getUint32(at + 4 * i);
    for (let i = 16; i < 64; i++) {
      const a = w[i - 15]!, b = w[i - 2]!;
      w[i] = w[i - 16]! + (turn(a, 7) ^ turn(a, 18) ^ (a >>> 3)) + w[i - 7]! + (turn(b, 17) ^ turn(b, 19) ^ (b >>> 10));
    }
    let [a, b, c, d, e, f, g, l] = h as unknown as [number, number, number, number, number, number, number, number];
    for (let i = 0; i < 64; i++) {
      const t1 = (l + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + k[i]! + w[i]!) | 0;
      const t2 = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      l = g; g = f; f = e; e = (d + t1) | 0; d = c; c = b; b = a; a = (t1 + t2) | 0;
    }
    [a, b, c, d, e, f, g, l].forEach((v, i) => { h[i] = h[i]! + v; });
  }
  return [...h].map((v) => v.toString(16).padStart(8, "0")).join("");
}
