from . import (
    test_cached,
    test_catalogue,
    test_eager_lists,
    test_eager_loading,
    test_eager_plan,
    test_herd_figures,
    test_n_plus_one,
    test_periods,
    test_product_search,
    test_sales_access,
    test_sales_figures,
    test_tours,
)
