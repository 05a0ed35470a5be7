"use server";

import { action } from "@/app/_server/action";
import {
  changePassword as changePasswordVerb,
  changeRole as changeRoleVerb,
  createUser as createUserVerb,
  disableUser as disableUserVerb,
  enableUser as enableUserVerb,
  resetPassword as resetPasswordVerb,
} from "@/lib/access";

export const changePassword = action(changePasswordVerb);
export const changeRole = action(changeRoleVerb);
export const createUser = action(createUserVerb);
export const disableUser = action(disableUserVerb);
export const enableUser = action(enableUserVerb);
export const resetPassword = action(resetPasswordVerb);
