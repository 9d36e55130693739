// Flat TAP for prove: one line a test; why it failed goes to stderr, which prove always shows.
export default async function* reporter(source) {
  let n = 0;
  let failed = false;
  for await (const { type, data } of source) {
    if (type === 'test:stdout' || type === 'test:stderr') process.stderr.write(`# ${data.message}\n`);
    if ((type !== 'test:pass' && type !== 'test:fail') || data.nesting > 0) continue;
    n += 1;
    const skip = data.skip !== undefined ? ` # SKIP ${typeof data.skip === 'string' ? data.skip : ''}` : '';
    yield `${type === 'test:pass' ? 'ok' : 'not ok'} ${n} - ${data.name.replaceAll('#', '')}${skip}\n`;
    if (type === 'test:fail') {
      failed = true;
      const error = data.details.error?.cause ?? data.details.error;
      for (const line of `${data.name}\n${error?.stack ?? error}`.slice(0, 2500).split('\n')) process.stderr.write(`#   ${line}\n`);
    }
  }
  yield `1..${n}\n`;
  if (failed) process.exitCode = 1;
}
