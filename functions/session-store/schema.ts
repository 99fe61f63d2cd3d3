/**
 * @module
 * The shapes of session requests and replies; `endpoints.ts` says where they go.
 */
import * as z from "zod";
import { Name } from "../http/names.ts";
import {
  DEVICE_CHARACTERS_MAX,
  FIELDS_MAX,
  QUANTITY_MAX,
  SESSION_BYTES_MAX,
  SKUS_MAX,
} from "./policy.ts";
import { ROTATION_REASONS } from "./rotate.ts";

/** JSON values by name. Comes out as entries, because an object cannot be trusted with every name. */
const GivenFields = z
  .unknown()
  .transform((value, ctx): [string, unknown][] => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      ctx.issues.push({ code: "custom", input: value, message: "must be an object" });
      return z.NEVER;
    }
    const entries = Object.entries(value);
    if (entries.length > FIELDS_MAX) {
      const message = `must have at most ${FIELDS_MAX} fields`;
      ctx.issues.push({ code: "custom", input: value, message });
      return z.NEVER;
    }
    for (const [field] of entries) {
      for (const issue of Name.safeParse(field).error?.issues ?? []) {
        if (issue.code === "custom") ctx.issues.push({ ...issue, input: field, path: [field] });
      }
    }
    return entries;
  })
  .meta({
    type: "object",
    additionalProperties: true,
    description: `JSON values by field, named as everything is; at most ${SESSION_BYTES_MAX} bytes in a session, names included`,
  });

const Device = z
  .string()
  .regex(
    new RegExp(`^[^\\p{Cc}\\p{Cs}]{1,${DEVICE_CHARACTERS_MAX}}$`, "u"),
    `must be 1 to ${DEVICE_CHARACTERS_MAX} characters, none of them a control character`,
  )
  .meta({ description: "What a person calls the device, for the list of sessions" });

export const CreateBody = z.strictObject({
  userId: Name,
  data: GivenFields.optional(),
  device: Device.optional(),
});

export const PatchBody = z
  .strictObject({
    set: GivenFields.optional(),
    unset: z.array(Name).max(FIELDS_MAX).optional(),
  })
  .refine(
    ({ set = [], unset = [] }) =>
      new Set([...set.map(([field]) => field), ...unset]).size === set.length + unset.length,
    { error: "must name a field once", path: ["unset"] },
  );

export const RotateBody = z.strictObject({
  reason: z.enum(ROTATION_REASONS).default("periodic").meta({
    description:
      "`login`: privileges change; the old cookie ends at once. `periodic`: the old one works for 30 s more",
  }),
});

const Quantity = z.int().min(1).max(QUANTITY_MAX);

export const QuantityBody = z.strictObject({ quantity: Quantity });

export const SkuParams = z.strictObject({ sku: Name });

export const SessionParams = z.strictObject({ publicId: Name });

const PublicId = z.string().meta({ description: "Names the session; it opens nothing" });
const Instant = z.int().meta({ description: "Milliseconds since 1970 UTC" });

const lifetime = {
  publicId: PublicId,
  createdAt: Instant,
  idleExpiresAt: Instant.meta({ description: "Unless it is used before" }),
  absoluteExpiresAt: Instant.meta({ description: "However much it is used" }),
};

export const LifetimeReply = z.strictObject(lifetime);

const Cart = z
  .record(z.string(), Quantity)
  .meta({ description: `Quantity by SKU; at most ${SKUS_MAX} of them` });

const Version = z.string().meta({ description: "Changes with each change of data and cart" });

export const SessionReply = z.strictObject({
  ...lifetime,
  userId: Name,
  data: z.record(z.string(), z.unknown()),
  cart: Cart,
  version: Version,
  lastSeenAt: Instant.meta({ description: "True to half of the idle limit" }),
});

export const VersionReply = z.strictObject({ version: Version });

export const CartReply = z.strictObject({ cart: Cart });

export const SessionsReply = z.strictObject({
  sessions: z
    .array(
      z.strictObject({
        publicId: PublicId,
        device: z.string().nullable(),
        createdAt: Instant,
        lastSeenAt: Instant.meta({ description: "True to half of the idle limit" }),
        current: z.boolean().meta({ description: "Whether it is the one that asks" }),
      }),
    )
    .meta({ description: "In the order in which they began" }),
});

export const EndedReply = z.strictObject({ ended: z.int().min(0) });
