/** esvae_core/web/engine/worker.js for Node. */

import { parentPort } from "node:worker_threads";

import { serve } from "../../esvae_core/web/engine/protocol.js";

serve(parentPort);
