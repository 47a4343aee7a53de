/** How the embedded PostgreSQL is set up. */
import { totalmem } from "node:os";

/** A sixteenth of the memory that there is: what is written and asked often then stays in the server's own memory. */
function sharedBuffers(): string {
  const limit = process.constrainedMemory();
  const megabytes = Math.min(totalmem(), limit > 0 ? limit : Infinity) / 2 ** 20;
  return `${Math.round(Math.min(1_024, Math.max(256, megabytes / 16)))}MB`;
}

/** What the embedded PostgreSQL is started with, unless somebody says otherwise. */
export const serverSettings = {
  listen_addresses: "127.0.0.1",
  shared_buffers: sharedBuffers(),
  // An import writes gigabytes; after each checkpoint whole pages are written again.
  max_wal_size: "4GB",
  checkpoint_timeout: "15min",
  max_connections: "200",
  jit: "off",
  synchronous_commit: "on",
  fsync: "on",
  log_min_messages: "warning",
  idle_in_transaction_session_timeout: "60s",
} as const;
