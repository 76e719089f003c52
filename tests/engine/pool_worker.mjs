/** app/web/engine/worker.js for Node. */

import { parentPort } from "node:worker_threads";

import { serve } from "../../app/web/engine/protocol.js";

serve(parentPort);
