/** A worker of the pool. */

import { serve } from "./protocol.js";

serve(self);
