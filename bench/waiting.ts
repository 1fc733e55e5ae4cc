/** Time spent waiting for answers: from each request until its body is there. */

let open = 0;
let since = 0;
let total = 0;

/** Milliseconds so far in which at least one answer was awaited. */
export function waited(): number {
  return total;
}

function begin(): void {
  if (open === 0) since = performance.now();
  open += 1;
}

function end(): void {
  open -= 1;
  if (open === 0) total += performance.now() - since;
}

async function timed<T>(work: () => Promise<T>): Promise<T> {
  begin();
  try {
    return await work();
  } finally {
    end();
  }
}

/** From now on, every `fetch` of this process counts. */
export function watchFetch(): void {
  const original = globalThis.fetch;
  const watched = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const response = await timed(() => original(input, init));
    const text = response.text.bind(response);
    response.text = () => timed(text);
    return response;
  };
  globalThis.fetch = Object.assign(watched, original);
}
