import { describe, it } from "vitest";
import { clientKey } from "./client-key.ts";

const of = (address: string) => clientKey({ address });

describe("whom a limit counts", () => {
  it("is the API key, then the user, then the address, then everybody else together", ({
    expect,
  }) => {
    const address = "192.0.2.1";
    expect(clientKey({ apiKey: "k", user: "u", address })).toBe("key:k");
    expect(clientKey({ user: "u", address })).toBe("user:u");
    expect(clientKey({ address })).toBe("ip:192.0.2.1");
    expect(clientKey({})).toBe("ip:-");
  });

  it("is a whole IPv4 address, and an IPv6 address's first 64 bits however it is written", ({
    expect,
  }) => {
    const same = ["2001:db8:1:2::", "2001:DB8:1:2:3:4:5:6", "2001:0db8:0001:0002::ffff"];
    for (const address of same) expect(of(address)).toBe("ip:2001:db8:1:2::/64");
    expect(of("2001:db8:1:3::1")).not.toBe(of("2001:db8:1:2::1"));
    expect(of("2001:db8::1")).toBe("ip:2001:db8:0:0::/64");
    expect(of("::1")).toBe("ip:0:0:0:0::/64");
    expect(of("1::8")).toBe("ip:1:0:0:0::/64");
    expect(of("::ffff:192.0.2.1")).toBe("ip:192.0.2.1");
    expect(of("0:0:0:0:0:ffff:192.0.2.1")).toBe("ip:192.0.2.1");
  });
});
