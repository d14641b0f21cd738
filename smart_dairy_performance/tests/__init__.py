from . import test_herd_figures
from . import test_periods
from . import test_product_search
from . import test_sales_access
from . import test_sales_figures
from . import test_tours
