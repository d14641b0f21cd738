"""What tests, the soak and addons that declare rollups share."""
