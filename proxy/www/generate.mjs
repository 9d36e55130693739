// Makes rest.js and rest.d.ts, the typed REST client, from ../openapi.yaml.
//
//	node proxy/www/generate.mjs [--check]
//
// Needs the package `yaml` of test/proxy (npm ci there). --check writes nothing and fails
// if the files are not what it would write: a test runs it so.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const { parse } = createRequire(here('../../test/proxy/package.json'))('yaml');
const api = parse(readFileSync(here('../openapi.yaml'), 'utf8'));
const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

const follow = (node) => (node?.$ref ? follow(node.$ref.slice(2).split('/').reduce((at, key) => at[key.replaceAll('~1', '/').replaceAll('~0', '~')], api)) : node);
const nameOf = (ref) => ref.slice(ref.lastIndexOf('/') + 1);
const property = (name) => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name));

// A schema as a type of TypeScript.
function type(schema, depth = 0) {
  if (schema === undefined || schema === true) return 'unknown';
  if (schema.$ref) return nameOf(schema.$ref);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((v) => JSON.stringify(v)).join(' | ');
  const choice = schema.oneOf ?? schema.anyOf;
  if (choice && !schema.properties) return choice.map((s) => type(s, depth)).join(' | ');
  if (schema.allOf) return schema.allOf.map((s) => type(s, depth)).join(' & ');
  const types = [schema.type ?? (schema.properties ? 'object' : 'unknown')].flat();
  return types.map((one) => {
    switch (one) {
      case 'integer':
      case 'number': return 'number';
      case 'boolean': return 'boolean';
      case 'string': return 'string';
      case 'null': return 'null';
      case 'array': {
        const item = type(schema.items, depth);
        return / [|&] /.test(item) ? `(${item})[]` : `${item}[]`;
      }
      case 'object': return object(schema, depth);
      default: return 'unknown';
    }
  }).join(' | ');
}

function object(schema, depth) {
  const pad = '  '.repeat(depth + 1);
  const required = new Set(schema.required ?? []);
  const lines = Object.entries(schema.properties ?? {}).map(([name, value]) => {
    const about = follow(value)?.description;
    const doc = value.description ?? (value.$ref ? undefined : about);
    return `${doc ? `${pad}/** ${doc.trim().replace(/\s+/g, ' ')} */\n` : ''}${pad}${property(name)}${required.has(name) ? '' : '?'}: ${type(value, depth + 1)};`;
  });
  if (lines.length === 0) {
    return schema.additionalProperties && schema.additionalProperties !== true ? `Record<string, ${type(schema.additionalProperties, depth)}>` : 'Record<string, unknown>';
  }
  if (schema.additionalProperties && schema.additionalProperties !== true) lines.push(`${pad}[name: string]: ${type(schema.additionalProperties, depth + 1)} | unknown;`);
  return `{\n${lines.join('\n')}\n${'  '.repeat(depth)}}`;
}

const jsonOf = (response) => Object.entries(follow(response).content ?? {})[0];

function operations() {
  const all = [];
  for (const [path, item] of Object.entries(api.paths)) {
    for (const method of METHODS.filter((m) => item[m])) {
      const op = item[method];
      const parameters = [...item.parameters ?? [], ...op.parameters ?? []].map(follow);
      const body = op.requestBody && follow(op.requestBody);
      const answers = Object.entries(op.responses).filter(([status]) => status.startsWith('2')).map(([, response]) => jsonOf(response));
      all.push({
        id: op.operationId,
        doc: op.summary,
        method: method.toUpperCase(),
        path,
        root: (op.servers ?? item.servers)?.[0]?.url === '/',
        inPath: parameters.filter((p) => p.in === 'path'),
        query: parameters.filter((p) => p.in === 'query'),
        headers: parameters.filter((p) => p.in === 'header'),
        body: body && { required: body.required === true, schema: Object.values(body.content)[0].schema },
        answers: [...new Set(answers.map((a) => (a === undefined ? 'void' : /json/.test(a[0]) ? type(a[1].schema, 1) : 'string')))],
      });
    }
  }
  return all;
}

const camel = (name) => name.replace(/-(.)/g, (_, c) => c.toUpperCase()).replace(/^./, (c) => c.toLowerCase());

// Of the call: path parameters, then the body, then everything else by name.
function signature(op) {
  const list = op.inPath.map((p) => `${camel(p.name)}: ${type(p.schema, 1)}`);
  if (op.body) list.push(`body${op.body.required ? '' : '?'}: ${type(op.body.schema, 1)}`);
  const rest = [...op.query, ...op.headers];
  if (rest.length > 0) {
    list.push(`options?: {\n${rest.map((p) => `    ${property(camel(p.name))}?: ${type(p.schema, 2)};`).join('\n')}\n  } & Common`);
  } else list.push('options?: Common');
  return list.join(', ');
}

const banner = '// Made by generate.mjs from openapi.yaml: change those.\n';

function javascript(all) {
  const table = all.map((op) => `  ${op.id}: [${JSON.stringify(op.method)}, ${JSON.stringify(op.path)}, ${op.root}, ${op.body !== undefined}, `
    + `${JSON.stringify(Object.fromEntries(op.query.map((p) => [camel(p.name), p.name])))}, ${JSON.stringify(Object.fromEntries(op.headers.map((p) => [camel(p.name), p.name])))}],`);
  return `${banner}
const operations = {
${table.join('\n')}
};

export class ApiError extends Error {
  constructor(status, problem, headers) {
    super(problem.detail ?? problem.title ?? \`status \${status}\`);
    this.name = 'ApiError';
    this.status = status;
    this.code = problem.code;
    this.problem = problem;
    this.retryAfter = headers.has('retry-after') ? Number(headers.get('retry-after')) : undefined;
  }
}

async function call(client, [method, path, root, hasBody, query, headers], args) {
  const taken = [...args];
  const filled = path.replace(/{[^}]+}/g, () => encodeURIComponent(taken.shift()));
  const body = hasBody ? taken.shift() : undefined;
  const options = taken.shift() ?? {};
  const token = typeof client.token === 'function' ? await client.token() : client.token;
  const search = new URLSearchParams();
  const sent = new Headers(options.headers);
  for (const [name, wire] of Object.entries(query)) if (options[name] !== undefined) search.append(wire, String(options[name]));
  for (const [name, wire] of Object.entries(headers)) if (options[name] !== undefined) sent.set(wire, String(options[name]));
  if (token) sent.set('Authorization', \`Bearer \${token}\`);
  if (body !== undefined) sent.set('Content-Type', 'application/json');
  const text = search.toString();
  const response = await client.fetch(\`\${client.url}\${root ? '' : '/api/v1'}\${filled}\${text ? \`?\${text}\` : ''}\`, {
    method, headers: sent, signal: options.signal, ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const json = /json/.test(response.headers.get('content-type') ?? '');
  const answer = response.status === 204 ? undefined : json ? await response.json() : await response.text();
  if (!response.ok) throw new ApiError(response.status, json ? answer : { detail: answer }, response.headers);
  return answer;
}

export class TradepostApi {
  constructor({ url = globalThis.location?.origin, token, fetch = globalThis.fetch.bind(globalThis) } = {}) {
    this.url = String(url).replace(/\\/+$/, '');
    this.token = token;
    this.fetch = fetch;
  }
}

for (const [name, operation] of Object.entries(operations)) {
  TradepostApi.prototype[name] = function request(...args) { return call(this, operation, args); };
}
`;
}

function declarations(all) {
  const schemas = Object.entries(api.components.schemas).map(([name, schema]) => {
    const doc = schema.description ? `/** ${schema.description.trim().replace(/\s+/g, ' ')} */\n` : '';
    return `${doc}export type ${name} = ${type(schema)};`;
  });
  const methods = all.map((op) => `  /** ${op.method} ${op.path}: ${op.doc} */\n  ${op.id}(${signature(op)}): Promise<${op.answers.join(' | ') || 'void'}>;`);
  return `${banner}
${schemas.join('\n\n')}

export interface Common { headers?: Record<string, string>; signal?: AbortSignal }

/** What an answer of 400 and above becomes. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly problem: Problem;
  readonly retryAfter?: number;
}

export class TradepostApi {
  constructor(options?: { url?: string; token?: string | (() => string | Promise<string>); fetch?: typeof globalThis.fetch });
  url: string;
  token?: string | (() => string | Promise<string>);
${methods.join('\n')}
}
`;
}

const all = operations();
const made = { 'rest.js': javascript(all), 'rest.d.ts': declarations(all) };
const read = (name) => {
  try {
    return readFileSync(here(name), 'utf8');
  } catch {
    return '';
  }
};
let stale = 0;
for (const [name, text] of Object.entries(made)) {
  if (read(name) === text) continue;
  stale++;
  if (process.argv.includes('--check')) console.error(`${name} is not what openapi.yaml says: run node proxy/www/generate.mjs`);
  else writeFileSync(here(name), text);
}
process.exitCode = process.argv.includes('--check') && stale > 0 ? 1 : 0;
