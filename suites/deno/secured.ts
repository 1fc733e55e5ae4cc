/** A company's network: services behind TLS that its own authority signed, reached through its proxy alone. */
import { createServer as createProxy } from "node:http";
import { type AddressInfo, connect, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { makeServerCertificate } from "../../test/support/certificate.ts";

export interface Network extends AsyncDisposable {
  /** PEM of the authority. */
  readonly authority: string;
  /** `http://127.0.0.1:…` */
  readonly proxy: string;
  /** What the proxy was asked to connect to. */
  readonly asked: readonly string[];
}

/** `https://HOST` is what answers in clear at `port`; no other host exists. */
export async function companyNetwork(host: string, port: number): Promise<Network> {
  const { caPem, keyPem, certificatePem } = makeServerCertificate(host);
  const sockets = new Set<Socket>();
  const join = (one: Socket, other: Socket): void => {
    for (const socket of [one, other]) {
      sockets.add(socket);
      socket.on("error", () => undefined).on("close", () => [one, other].map((end) => end.destroy()));
    }
    one.pipe(other).pipe(one);
  };
  const secured = createTlsServer({ key: keyPem, cert: certificatePem }, (socket) => {
    join(socket, connect(port, "127.0.0.1"));
  });
  const asked: string[] = [];
  const proxy = createProxy((_, response) => response.writeHead(405).end());
  const securedPort = await listening(secured);
  proxy.on("connect", (request, socket: Socket) => {
    asked.push(request.url ?? "");
    if (request.url !== `${host}:443`) return void socket.end("HTTP/1.1 502 no such host\r\n\r\n");
    const upstream = connect(securedPort, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 connected\r\n\r\n");
      join(socket, upstream);
    });
  });
  return {
    authority: caPem,
    proxy: `http://127.0.0.1:${await listening(proxy)}`,
    asked,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await Promise.all([secured, proxy].map((server) => new Promise((closed) => server.close(closed))));
    },
  };
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}
