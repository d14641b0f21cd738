"""What tests, the soak and addons that declare partition sets share."""
