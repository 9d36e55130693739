// A web site of somebody else's: another origin, with an empty page and files that it has copied.
import fs from 'node:fs';
import http from 'node:http';

// files: path on the site -> file. Resolves to {origin, end()}.
export async function startSite(files = {}) {
  const server = http.createServer((request, response) => {
    const file = files[request.url];
    if (request.url === '/') response.setHeader('Content-Type', 'text/html').end('<!doctype html><title>app</title><link rel="icon" href="data:,"><p>app');
    else if (file) response.setHeader('Content-Type', 'text/javascript').end(fs.readFileSync(file));
    else response.writeHead(404).end();
  });
  await new Promise((ok) => { server.listen(0, '127.0.0.1', ok); });
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    end: () => { server.closeAllConnections?.(); server.close(); },
  };
}
