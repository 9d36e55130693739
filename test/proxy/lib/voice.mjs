// What tests of voice notes need: notes as phones record them, of synthesized voices, and a stand-in for a transcription service.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';

const has = (program) => {
  try { return execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim() !== ''; } catch { return false; }
};
export const canSpeak = ['espeak-ng', 'flite', 'sox', 'opusenc'].every(has);

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tp-voice-'));
process.on('exit', () => fs.rmSync(dir, { recursive: true, force: true }));
const run = (program, ...args) => execFileSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });

// A note in Ogg Opus: engine espeak-ng or flite, one of its voices, words a minute; noise: how loud, 0 to 1, beside the voice.
export function note(text, { engine = 'flite', voice = 'slt', speed = 160, noise = 0 } = {}) {
  const name = path.join(dir, createHash('sha1').update(JSON.stringify([text, engine, voice, speed, noise])).digest('hex'));
  if (fs.existsSync(`${name}.ogg`)) return fs.readFileSync(`${name}.ogg`);
  if (engine === 'flite') run('flite', '-voice', voice, '--setf', `duration_stretch=${(160 / speed).toFixed(3)}`, '-t', text, '-o', `${name}.raw.wav`);
  else run('espeak-ng', '-v', voice, '-s', String(speed), '-w', `${name}.raw.wav`, text);
  run('sox', `${name}.raw.wav`, '-r', '16000', '-c', '1', '-b', '16', `${name}.wav`, 'norm', '-3', 'pad', '0.2', '0.3');
  if (noise > 0) {
    const seconds = String(Math.ceil(fs.statSync(`${name}.wav`).size / 32000));
    run('sox', '-R', '-n', '-r', '16000', '-c', '1', '-b', '16', `${name}.noise.wav`, 'synth', seconds, 'pinknoise', 'vol', String(noise));
    run('sox', '-m', '-v', '0.9', `${name}.wav`, '-v', '1', `${name}.noise.wav`, `${name}.both.wav`);
    fs.renameSync(`${name}.both.wav`, `${name}.wav`);
  }
  run('opusenc', '--quiet', '--bitrate', '24', `${name}.wav`, `${name}.ogg`);
  return fs.readFileSync(`${name}.ogg`);
}

// Sound in which nobody speaks.
export function sound(effect, seconds = 3) {
  const name = path.join(dir, `sound-${effect.join('-').replace(/\W/g, '_')}-${seconds}`);
  run('sox', '-R', '-n', '-r', '16000', '-c', '1', '-b', '16', `${name}.wav`, 'synth', String(seconds), ...effect);
  run('opusenc', '--quiet', '--bitrate', '16', `${name}.wav`, `${name}.ogg`);
  return fs.readFileSync(`${name}.ogg`);
}

// POST /v1/audio/transcriptions: answers the next of `answers`: a text, {status}, {hang: true} or a function of the request's fields.
export class Transcriber {
  static async start() {
    const it = new Transcriber();
    Object.assign(it, { key: 'a-key-for-the-stand-in', answers: [], requests: [], waiting: [] });
    it.server = http.createServer((request, response) => { it.#answer(request, response).catch(() => response.destroy()); });
    await new Promise((ok) => { it.server.listen(0, '127.0.0.1', ok); });
    it.server.unref();
    return it;
  }

  get env() { return { SPEECH_PROVIDER: 'openai_http', SPEECH_URL: `http://127.0.0.1:${this.server.address().port}/v1/audio/transcriptions`, SPEECH_API_KEY: this.key, SPEECH_MODEL: 'stand-in-1' }; }

  async #answer(request, response) {
    const parts = [];
    for await (const part of request) parts.push(part);
    const form = await new Response(Buffer.concat(parts), { headers: { 'content-type': request.headers['content-type'] } }).formData();
    const fields = Object.fromEntries([...form.entries()].filter(([, value]) => typeof value === 'string'));
    const wav = Buffer.from(await form.get('file').arrayBuffer());
    this.requests.push({ path: request.url, headers: request.headers, fields, wav });
    assert.equal(wav.toString('latin1', 0, 4), 'RIFF');
    const answer = this.answers.shift() ?? { status: 500 };
    if (answer.hang) return;
    const say = (status, json) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
    if (request.headers.authorization !== `Bearer ${this.key}`) say(401, { error: { message: 'Incorrect API key provided' } });
    else if (answer.status) say(answer.status, { error: { message: 'Told to fail' } });
    else say(200, { text: typeof answer === 'function' ? answer(fields) : answer });
  }

  end() { this.server.close(); this.server.closeAllConnections(); }
}
