import type { Deps } from "../deps.ts";
import type { Principal } from "./auth.ts";
import type { EndpointSpec } from "./endpoint.ts";

/** What every handler finds in its context. */
export interface AppVariables {
  deps: Deps;
  /** As the caller wrote it; asked of the runtime once. */
  url: string;
  /** What a reply that is an error is counted under; set with every problem. */
  problemCode?: string;
  /** The endpoint that serves the request; unset while no route has matched. */
  endpoint?: EndpointSpec;
  /** Who calls; set by every endpoint that has a scope. */
  principal: Principal;
  /** What a credential other than an API key said; its pattern knows the form. */
  credential?: object;
  /** Whether a browser asks for a method here that takes a cookie. */
  isCookiePreflight?: boolean;
  /** The JSON body as it was sent; set by every endpoint that has a body. */
  bodyText: string;
}

export interface AppEnv {
  Bindings: Env;
  Variables: AppVariables;
}
