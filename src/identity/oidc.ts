/** Signing in by OpenID Connect: authorization code with PKCE, state and nonce; the id token's signature, audience and times are checked by the library. */
import * as openid from "openid-client";
import type { Issuer, OidcSettings } from "../model/sign-in.ts";

const retryMs = 5_000;

function texts(value: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.filter((each) => typeof each === "string");
}

export function oidcIssuer({
  issuer,
  clientId,
  clientSecret,
  scopes,
  userClaim,
  groupsClaim,
}: OidcSettings): Issuer {
  let known: Promise<openid.Configuration> | undefined;
  /** Asked once; after a failure again, so that an issuer may start after us. */
  const discover = (): Promise<openid.Configuration> => {
    if (known !== undefined) return known;
    const insecure = issuer.startsWith("http://") ? [openid.allowInsecureRequests] : [];
    const asked = openid.discovery(new URL(issuer), clientId, clientSecret, undefined, {
      // What the issuer sends directly need not be signed, says the specification; a token that is signed by nobody we know is refused all the same.
      execute: [openid.enableNonRepudiationChecks, ...insecure],
      timeout: retryMs / 1_000,
    });
    known = asked;
    asked.catch(() => void (known = undefined));
    return asked;
  };
  return {
    begin: async (redirect) => {
      const errand = {
        state: openid.randomState(),
        nonce: openid.randomNonce(),
        verifier: openid.randomPKCECodeVerifier(),
      };
      const url = openid.buildAuthorizationUrl(await discover(), {
        redirect_uri: redirect,
        scope: scopes,
        state: errand.state,
        nonce: errand.nonce,
        code_challenge: await openid.calculatePKCECodeChallenge(errand.verifier),
        code_challenge_method: "S256",
      });
      return { url: url.href, errand };
    },
    finish: async (url, { state, nonce, verifier }) => {
      const configuration = await discover();
      const tokens = await openid.authorizationCodeGrant(configuration, new URL(url), {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
      });
      const claims = tokens.claims();
      if (claims === undefined) throw new Error("the issuer gave no id token");
      const [name] = texts(claims[userClaim]);
      if (name === undefined || name === "")
        throw new Error(`the id token has no claim "${userClaim}" that could be a name`);
      return { name, groups: texts(claims[groupsClaim]) };
    },
  };
}
