"""Types that every room shares."""
